using System.CommandLine;
using NetPulse.Lab.Scenarios;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Commands;

/// <summary><c>scenario NAME</c>: a scenario alone, without any of our services.</summary>
internal static class ScenarioCommand
{
    internal static Command Create(TimeProvider time)
    {
        var name = ScenarioName();
        var heal = new Option<bool>("--heal") { Description = "do by hand what heals it, to the first pair or the node, and compare" };
        var prefix = new Option<string>("--prefix") { Description = "what the network namespaces' names begin with", DefaultValueFactory = _ => new LabSettings().Prefix };
        var command = new Command("scenario", "Runs a scenario, healthy, then in trouble, then healed, and prints each load's own figure every second; leaves nothing behind.")
        {
            name, heal, prefix,
        };
        command.SetAction((arguments, cancellationToken) => Failures.ToExitCodeAsync(async () =>
        {
            var settings = new LabSettings { Prefix = arguments.GetRequiredValue(prefix) };
            var run = new ScenarioRun(ScenarioCatalog.Find(arguments.GetRequiredValue(name))!, settings, Console.Out, time);
            return await run.RunAsync(arguments.GetValue(heal), cancellationToken) ? 0 : 1;
        }));
        return command;
    }

    private static Argument<string> ScenarioName()
    {
        var name = new Argument<string>("name") { Description = $"{string.Join(", ", ScenarioCatalog.Names)}, or several joined by +" };
        name.Validators.Add(static result =>
        {
            if (ScenarioCatalog.Find(result.GetValueOrDefault<string>() ?? "") is null)
            {
                result.AddError($"there is no such scenario; there are {string.Join(", ", ScenarioCatalog.Names)}, and any of them joined by +");
            }
        });
        return name;
    }
}
