using System.CommandLine;
using NetPulse.Lab.Commands;

var root = new RootCommand("NetPulse's lab: nodes and pods as network namespaces on this machine, with delay, bottlenecks and load.")
{
    ScenarioCommand.Create(TimeProvider.System),
    ScenariosCommand.Create(),
};
foreach (var command in DemoCommand.Create(TimeProvider.System).Concat(JudgeCommand.Create(TimeProvider.System)))
{
    root.Add(command);
}

// After Ctrl-C or SIGTERM everything is undone first; services may take some seconds each to end.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
