using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using NetPulse.Lab.Demo;
using NetPulse.Lab.Judge;
using NetPulse.Lab.Scenarios;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Commands;

/// <summary><c>judge</c>: scenario after scenario with our services running, judged by the loads' own figures.</summary>
internal static class JudgeCommand
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static Command Create(TimeProvider time)
    {
        var scenarios = new Option<string>("--scenarios") { Description = "names with commas between them; all, and some mixtures, unless given", DefaultValueFactory = _ => "" };
        scenarios.Validators.Add(static result =>
        {
            foreach (var unknown in Split(result.GetValueOrDefault<string>()).Where(name => ScenarioCatalog.Find(name) is null))
            {
                result.AddError($"there is no scenario {unknown}; there are {string.Join(", ", ScenarioCatalog.Names)}, and any of them joined by +");
            }
        });
        var result = new Option<string>("--out") { Description = "file for the results as JSON, written anew after each scenario" };
        var profile = new Option<string>("--static") { Description = "a file of lines sysctl = value that is written in the host's network namespace, instead of running our services" };
        var directory = new Option<string>("--directory") { Description = "for settings, objects, logs and state; a folder a scenario", DefaultValueFactory = _ => ".run/judge" };
        var services = new Option<string>("--services")
        {
            Description = "where the services' binaries lie",
            DefaultValueFactory = _ => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../..")),
        };
        var prefix = new Option<string>("--prefix") { Description = "what the network namespaces' names begin with", DefaultValueFactory = _ => new LabSettings().Prefix };
        var command = new Command("judge", "Runs scenarios with collector, tuner and optimizer, and says what they named, changed and healed.")
        {
            scenarios, result, profile, directory, services, prefix,
        };
        command.SetAction((arguments, cancellationToken) => Failures.ToExitCodeAsync(() => RunAsync(
            new JudgeSettings
            {
                Directory = arguments.GetRequiredValue(directory),
                ServicesDirectory = arguments.GetRequiredValue(services),
                Prefix = arguments.GetRequiredValue(prefix),
                StaticProfile = arguments.GetValue(profile),
            },
            [.. Split(arguments.GetValue(scenarios))],
            arguments.GetValue(result),
            time,
            cancellationToken)));
        return command;
    }

    private static string[] Split(string? names) => (names ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static async Task<int> RunAsync(JudgeSettings settings, IReadOnlyList<string> names, string? resultFile, TimeProvider time, CancellationToken cancellationToken)
    {
        var scenarios = (names.Count > 0 ? names : [.. ScenarioCatalog.Names, .. ScenarioCatalog.Mixtures]).Select(name => ScenarioCatalog.Find(name)!)
            .Where(scenario => names.Count > 0 || !scenario.IsByHandOnly).ToList();
        var results = new Dictionary<string, ScenarioResult>(StringComparer.Ordinal);
        var rows = new List<string>();
        var isWellDone = true;
        foreach (var scenario in scenarios)
        {
            var (result, figure) = await JudgeAsync(scenario, settings, time, cancellationToken);
            results[scenario.Name] = result;
            rows.Add(ResultTable.Row(scenario, result, figure));
            isWellDone &= result.AppliedWrong == 0 && (scenario.IsTwin || result.SecondsToHeal is not null);
            await Console.Out.WriteLineAsync($"{scenario.Name}: {JsonSerializer.Serialize(result)}");
            if (resultFile is not null)
            {
                await File.WriteAllTextAsync(resultFile, JsonSerializer.Serialize(results, Json), cancellationToken);
            }
        }

        await Console.Out.WriteLineAsync($"\n{ResultTable.Header}\n{string.Join('\n', rows)}");
        return isWellDone ? 0 : 2;
    }

    private static async Task<(ScenarioResult Result, Load.Figure Figure)> JudgeAsync(
        Scenario scenario, JudgeSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(settings.Directory);
        var file = Path.Combine(settings.Directory, $"{scenario.Name.Replace('+', '_')}.log");
        await using var log = new StreamWriter(file);
        if (settings.StaticProfile is { } profile)
        {
            return await new StaticRun(scenario, settings.Prefix, StaticProfile.Read(profile), log, time).RunAsync(cancellationToken);
        }

        var knobs = await TunerProcess.KnobsAsync(settings.ServicesDirectory, cancellationToken);
        return await new JudgedRun(scenario, settings, knobs, log, time).RunAsync(cancellationToken);
    }
}
