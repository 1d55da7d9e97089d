using System.CommandLine;
using NetPulse.Lab.Commands;

var root = new RootCommand("NetPulse's lab: nodes and pods as network namespaces on this machine, with delay, bottlenecks and load.")
{
    ScenarioCommand.Create(TimeProvider.System),
};

// After Ctrl-C or SIGTERM everything is undone first; that takes well under a second.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(30) });
