using System.CommandLine;
using NetPulse.Lab.Demo;
using NetPulse.Lab.Scenarios;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Commands;

/// <summary><c>demo</c>: the whole loop in the lab. <c>watch</c>: this host's own traffic.</summary>
internal static class DemoCommand
{
    internal static IEnumerable<Command> Create(TimeProvider time)
    {
        var directory = new Option<string>("--directory") { Description = "for settings, objects, logs and state; emptied at each start", DefaultValueFactory = _ => ".run" };
        var services = new Option<string>("--services")
        {
            Description = "where the services' binaries lie",
            DefaultValueFactory = _ => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../..")),
        };
        var collectorPort = new Option<int>("--collector-port") { Description = "of the collector's /metrics", DefaultValueFactory = _ => 9470 };
        var optimizerPort = new Option<int>("--optimizer-port") { Description = "of the status page and API", DefaultValueFactory = _ => 8470 };
        var scenario = new Option<string>("--scenario") { Description = string.Join(" or ", DemoSettings.Scenarios), DefaultValueFactory = _ => ReceiveWindowScenario.Name };
        scenario.AcceptOnlyFromAmong([.. DemoSettings.Scenarios]);
        var prefix = new Option<string>("--prefix") { Description = "what the network namespaces' names begin with", DefaultValueFactory = _ => new LabSettings().Prefix };
        var once = new Option<bool>("--once") { Description = "end after the first verdict; the exit code says whether the trouble was healed and everything put back" };

        var demo = new Command("demo", "Builds the lab, starts collector, tuner and optimizer, makes trouble and tells what they do about it.")
        {
            directory, services, collectorPort, optimizerPort, scenario, prefix, once,
        };
        demo.SetAction((arguments, cancellationToken) => Failures.ToExitCodeAsync(() => new DemoRun(Settings(arguments), Console.Out, time).RunAsync(cancellationToken)));

        var watch = new Command("watch", "Starts collector and optimizer on this host's own traffic; changes nothing.") { directory, services, collectorPort, optimizerPort };
        watch.SetAction((arguments, cancellationToken) => Failures.ToExitCodeAsync(() => new HostWatch(Settings(arguments), Console.Out, time).RunAsync(cancellationToken)));
        return [demo, watch];

        DemoSettings Settings(ParseResult arguments) => new()
        {
            Directory = arguments.GetValue(directory)!,
            ServicesDirectory = arguments.GetValue(services)!,
            CollectorPort = arguments.GetValue(collectorPort),
            OptimizerPort = arguments.GetValue(optimizerPort),
            Scenario = arguments.GetValue(scenario) ?? ReceiveWindowScenario.Name,
            Prefix = arguments.GetValue(prefix) ?? new LabSettings().Prefix,
            EndsWithTheStory = arguments.GetValue(once),
        };
    }
}
