using System.CommandLine;
using NetPulse.Lab.Scenarios;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Commands;

/// <summary><c>scenario NAME</c>: a scenario alone, without any of our services.</summary>
internal static class ScenarioCommand
{
    internal static Command Create(TimeProvider time)
    {
        var name = new Argument<string>("name") { Description = string.Join(" or ", ScenarioCatalog.Names) };
        name.AcceptOnlyFromAmong([.. ScenarioCatalog.Names]);
        var seconds = new Option<int>("--seconds") { Description = "length of each phase: healthy, trouble, healed", DefaultValueFactory = _ => 10 };
        seconds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 2 or > 3600)
            {
                result.AddError("--seconds must be 2 to 3600");
            }
        });
        var heal = new Option<bool>("--heal") { Description = "apply what heals it to the first pair, and compare" };
        var congestionControl = new Option<string>("--congestion-control") { Description = "of the senders, as cubic or bbr", DefaultValueFactory = _ => "cubic" };
        var prefix = new Option<string>("--prefix") { Description = "what the network namespaces' names begin with", DefaultValueFactory = _ => new LabSettings().Prefix };

        var command = new Command("scenario", "Runs a scenario and prints each pair's throughput every second; leaves nothing behind.")
        {
            name, seconds, heal, congestionControl, prefix,
        };
        command.SetAction(async (arguments, cancellationToken) =>
        {
            var scenario = ScenarioCatalog.Create(arguments.GetRequiredValue(name), arguments.GetRequiredValue(congestionControl));
            var settings = new LabSettings { Prefix = arguments.GetRequiredValue(prefix) };
            var run = new ScenarioRun(scenario, settings, arguments.GetRequiredValue(seconds), Console.Out, time);
            try
            {
                await run.RunAsync(arguments.GetValue(heal), cancellationToken);
                return 0;
            }
            catch (IOException e)
            {
                await Console.Error.WriteLineAsync(e.Message);
                return 1;
            }
            catch (OperationCanceledException)
            {
                return 130;
            }
        });
        return command;
    }
}
