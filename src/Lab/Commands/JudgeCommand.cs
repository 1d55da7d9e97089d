using System.CommandLine;
using System.Net.Sockets;
using System.Text.Encodings.Web;
using System.Text.Json;
using NetPulse.Lab.Demo;
using NetPulse.Lab.Judge;
using NetPulse.Lab.Load;
using NetPulse.Lab.Scenarios;
using NetPulse.Lab.Topology;
using NetPulse.Linux.Sysctls;

namespace NetPulse.Lab.Commands;

/// <summary><c>judge</c>: scenario after scenario with our services running, judged by the loads' own figures. <c>bench</c>: the same beside a static profile.</summary>
internal static class JudgeCommand
{
    private static readonly JsonSerializerOptions Line = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A run takes a minute or two.</summary>
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(5);

    internal static IEnumerable<Command> Create(TimeProvider time)
    {
        var scenarios = new Option<string>("--scenarios") { Description = "names with commas between them; all, and some mixtures, unless given", DefaultValueFactory = _ => "" };
        scenarios.Validators.Add(static result =>
        {
            foreach (var unknown in Split(result.GetValueOrDefault<string>()).Where(name => ScenarioCatalog.Find(name) is null))
            {
                result.AddError($"there is no scenario {unknown}; there are {string.Join(", ", ScenarioCatalog.Names)}, and any of them joined by +");
            }
        });
        var directory = new Option<string>("--directory") { Description = "for settings, objects, logs and state; a folder a scenario", DefaultValueFactory = _ => ".run/judge" };
        var services = new Option<string>("--services")
        {
            Description = "where the services' binaries lie",
            DefaultValueFactory = _ => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../..")),
        };
        var prefix = new Option<string>("--prefix") { Description = "what the network namespaces' names begin with", DefaultValueFactory = _ => new LabSettings().Prefix };

        var result = new Option<string>("--out") { Description = "file for the results as JSON, written anew after each scenario" };
        var profile = new Option<string>("--static") { Description = "a file of lines sysctl = value that is written in the host's network namespace, instead of running our services" };
        var judge = new Command("judge", "Runs scenarios with collector, tuner and optimizer, and says what they named, changed and healed.") { scenarios, result, profile, directory, services, prefix };
        judge.SetAction((arguments, cancellationToken) => Failures.ToExitCodeAsync(() =>
            JudgeAllAsync(Settings(arguments), Chosen(arguments), arguments.GetValue(profile), arguments.GetValue(result), time, cancellationToken)));

        var benchProfile = new Option<string>("--profile") { Description = "the static profile, lines of sysctl = value", Required = true };
        var page = new Option<string>("--out") { Description = "the page that is written", Required = true };
        var bench = new Command("bench", "Runs scenarios under a static profile and under our services, and writes both side by side.") { scenarios, benchProfile, page, directory, services, prefix };
        bench.SetAction((arguments, cancellationToken) => Failures.ToExitCodeAsync(() =>
            CompareAsync(Settings(arguments), Chosen(arguments), arguments.GetRequiredValue(benchProfile), arguments.GetRequiredValue(page), time, cancellationToken)));
        return [judge, bench];

        JudgeSettings Settings(ParseResult arguments) => new()
        {
            Directory = arguments.GetRequiredValue(directory),
            ServicesDirectory = arguments.GetRequiredValue(services),
            Prefix = arguments.GetRequiredValue(prefix),
        };

        List<Scenario> Chosen(ParseResult arguments) => Split(arguments.GetValue(scenarios)) is { Length: > 0 } names
            ? [.. names.Select(name => ScenarioCatalog.Find(name)!)]
            : [.. ScenarioCatalog.Names.Concat(ScenarioCatalog.Mixtures).Select(name => ScenarioCatalog.Find(name)!).Where(scenario => !scenario.IsByHandOnly)];
    }

    private static string[] Split(string? names) => (names ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <returns>0 when every trouble was healed and nothing was changed that does not belong to one; else 2.</returns>
    private static async Task<int> JudgeAllAsync(
        JudgeSettings settings, List<Scenario> scenarios, string? profile, string? resultFile, TimeProvider time, CancellationToken cancellationToken)
    {
        var results = new Dictionary<string, ScenarioResult>(StringComparer.Ordinal);
        var rows = new List<string>();
        var isWellDone = true;
        foreach (var scenario in scenarios)
        {
            var (result, figure) = await AloneAsync(
                token => profile is null ? JudgeAsync(scenario, settings, time, token) : UnderProfileAsync(scenario, settings, profile, time, token), time, cancellationToken);
            results[scenario.Name] = result;
            rows.Add(ResultTable.Row(scenario, result, figure));
            isWellDone &= result.Failed is null && result.AppliedWrong == 0 && (scenario.IsTwin || result.SecondsToHeal is not null);
            await Console.Out.WriteLineAsync($"{scenario.Name}: {JsonSerializer.Serialize(result, Line)}");
            if (resultFile is not null)
            {
                await File.WriteAllTextAsync(resultFile, JsonSerializer.Serialize(results, Json), cancellationToken);
            }
        }

        await Console.Out.WriteLineAsync($"\n{ResultTable.Header}\n{string.Join('\n', rows)}");
        return isWellDone ? 0 : 2;
    }

    private static async Task<int> CompareAsync(
        JudgeSettings settings, List<Scenario> scenarios, string profile, string page, TimeProvider time, CancellationToken cancellationToken)
    {
        var rows = new List<string>();
        foreach (var scenario in scenarios)
        {
            var (atRest, _) = await AloneAsync(token => UnderProfileAsync(scenario, settings, profile, time, token), time, cancellationToken);
            var (ours, figure) = await AloneAsync(token => JudgeAsync(scenario, settings, time, token), time, cancellationToken);
            rows.Add(ResultTable.SideBySide(scenario, atRest, ours, figure));
            await Console.Out.WriteLineAsync(rows[^1]);
            await File.WriteAllTextAsync(page, ResultTable.Page(profile, rows, time.GetUtcNow()), cancellationToken);
        }

        return 0;
    }

    /// <summary>A scenario that fails or hangs fails alone; the others still tell something.</summary>
    private static async Task<(ScenarioResult Result, Figure Figure)> AloneAsync(
        Func<CancellationToken, Task<(ScenarioResult Result, Figure Figure)>> run, TimeProvider time, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(LongestRun, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            return await run(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (ScenarioResult.Without($"not over after {LongestRun.TotalMinutes:0} min"), Figure.Delivered);
        }
        catch (Exception e) when (e is LabException or IOException or SocketException or SysctlException or InvalidDataException)
        {
            return (ScenarioResult.Without(e.Message), Figure.Delivered);
        }
    }

    private static async Task<(ScenarioResult Result, Figure Figure)> JudgeAsync(Scenario scenario, JudgeSettings settings, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var log = OpenLog(scenario, settings);
        var knobs = await TunerProcess.KnobsAsync(settings.ServicesDirectory, cancellationToken);
        return await new JudgedRun(scenario, settings, knobs, log, time).RunAsync(cancellationToken);
    }

    private static async Task<(ScenarioResult Result, Figure Figure)> UnderProfileAsync(
        Scenario scenario, JudgeSettings settings, string profile, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var log = OpenLog(scenario, settings);
        return await new StaticRun(scenario, settings.Prefix, StaticProfile.Read(profile), log, time).RunAsync(cancellationToken);
    }

    private static StreamWriter OpenLog(Scenario scenario, JudgeSettings settings)
    {
        Directory.CreateDirectory(settings.Directory);
        return new StreamWriter(Path.Combine(settings.Directory, $"{scenario.Name.Replace('+', '_')}.log"));
    }
}
