using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NetPulse.Kubernetes.Objects;
using NetPulse.Lab.Demo;
using NetPulse.Lab.Load;
using NetPulse.Lab.Scenarios;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Judge;

/// <summary>One scenario with our services as processes: healthy traffic, then trouble, then what they make of it by the load's own figure.</summary>
internal sealed class JudgedRun(Scenario scenario, JudgeSettings settings, IReadOnlyList<string> knobs, TextWriter log, TimeProvider time)
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UntilAnswer = TimeSpan.FromSeconds(60);

    private readonly Narrator narrator = new(log, time);

    /// <exception cref="LabException">The lab or a service could not be started; everything is undone.</exception>
    internal async Task<(ScenarioResult Result, Figure Figure)> RunAsync(CancellationToken cancellationToken)
    {
        var demo = new DemoSettings
        {
            Directory = Path.Combine(settings.Directory, scenario.Name.Replace('+', '_')),
            ServicesDirectory = settings.ServicesDirectory,
            Prefix = settings.Prefix,
            OptimizerPort = FreePort(),
            CollectorPort = FreePort(),
            Cron = "0/5 * * * * ?",
        };
        var workspace = new DemoWorkspace(demo);
        await ServiceProcess.EndLeftoversAsync(workspace, narrator, time, cancellationToken);
        if (File.Exists(workspace.HeldValues))
        {
            await TunerProcess.RevertAsync(settings.ServicesDirectory, workspace, narrator);
        }

        workspace.Write(Policy());
        await using var lab = await RunningLab.StartAsync(
            scenario, new LabSettings { Prefix = settings.Prefix, ObjectsDirectory = workspace.Objects, NodeName = DemoWorkspace.Node }, time, cancellationToken);
        var services = new List<ServiceProcess>();
        try
        {
            foreach (var name in new[] { "optimizer", "tuner", "collector" })
            {
                services.Add(ServiceProcess.Start(name, settings.ServicesDirectory, workspace, narrator, time));
            }

            using var optimizer = new OptimizerClient(demo.OptimizerPort);
            var result = await FollowAsync(lab, new ObservedLoop(optimizer, narrator, scenario, time), cancellationToken);
            return (result, lab.Judged.First().Load.Figure);
        }
        finally
        {
            foreach (var service in services)
            {
                await service.DisposeAsync();
            }

            await TunerProcess.RevertAsync(settings.ServicesDirectory, workspace, narrator);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private OptimizationPolicySpec Policy() => new()
    {
        Mode = OptimizationMode.Apply,
        Namespaces = [PodDescription.KubernetesNamespace],
        // A pattern stands for as many sysctls as there are devices; no scenario needs one.
        Sysctls = [.. knobs.Where(knob => !knob.Contains('*')).Select(knob => new AllowedSysctl { Name = knob })],
        Canary = new CanarySpec { Duration = TimeSpan.FromSeconds(10) },
        Limits = new ChangeLimits { ChangesPerHour = 100, ChangesPerHourInNamespace = 100, MaximumMemoryBytes = 1L << 34, Cooldown = TimeSpan.FromSeconds(30) },
    };

    private async Task<ScenarioResult> FollowAsync(RunningLab lab, ObservedLoop loop, CancellationToken cancellationToken)
    {
        using var tick = new PeriodicTimer(Tick, time);
        var begin = time.GetTimestamp();
        while (!await loop.AnswersAsync(cancellationToken))
        {
            if (time.GetElapsedTime(begin) > UntilAnswer)
            {
                throw new LabException($"judge {scenario.Name}", $"the optimizer has seen no reading within {UntilAnswer.TotalSeconds:0} s", $"its log in {settings.Directory} says why");
            }

            await tick.WaitForNextTickAsync(cancellationToken);
        }

        for (begin = time.GetTimestamp(); time.GetElapsedTime(begin) < settings.Healthy;)
        {
            await tick.WaitForNextTickAsync(cancellationToken);
            await loop.ReadAsync(cancellationToken);
        }

        TellFigures(lab, begin);
        narrator.Tell("trouble", scenario.Problem);
        var trouble = time.GetTimestamp();
        await lab.WorsenAsync(cancellationToken);
        var progress = lab.Judged.Select(load => new HealingProgress(load, scenario, trouble, time)).ToList();
        double? healedAfter = null;
        while (time.GetElapsedTime(trouble) < (scenario.IsTwin ? settings.TwinWatch : settings.Patience) && !IsDone(loop, IsHealed(progress)))
        {
            var last = time.GetTimestamp();
            await tick.WaitForNextTickAsync(cancellationToken);
            if (lab.Completion.IsFaulted)
            {
                await lab.Completion;
            }

            await loop.ReadAsync(cancellationToken);
            foreach (var pod in loop.AskedAt.Keys)
            {
                lab.Changed(pod);
            }

            TellFigures(lab, last);
            foreach (var load in progress)
            {
                load.Read(loop);
            }

            healedAfter ??= IsHealed(progress) ? time.GetElapsedTime(trouble).TotalSeconds : null;
        }

        return Result(loop, progress, scenario.IsPlanted ? SecondsToRollBack(loop) : healedAfter);
    }

    private bool IsDone(ObservedLoop loop, bool healedNow) => scenario.IsPlanted ? loop.RolledBackAt is not null : healedNow && loop.HasKept;

    /// <summary>Of every part in which something is wrong, at least one load.</summary>
    private bool IsHealed(List<HealingProgress> progress) => !scenario.IsTwin && scenario.Parts.Where(part => !part.IsTwin)
        .All(part => progress.Exists(load => load.Part == part && load.IsHealed(Untouched(progress, part))));

    /// <summary>What the trouble does where nothing is changed: the worst of what the part's loads were until they were changed; a control shows it for longer.</summary>
    private static double? Untouched(List<HealingProgress> progress, Scenario part)
    {
        var before = progress.Where(load => load.Part == part && load.Before is not null).ToList();
        return before.Count == 0 ? null : before[0].Figure.IsBetterHigher ? before.Min(load => load.Before) : before.Max(load => load.Before);
    }

    private ScenarioResult Result(ObservedLoop loop, List<HealingProgress> progress, double? healedAfter)
    {
        var told = progress.OrderByDescending(load => load.IsHealed(Untouched(progress, load.Part))).ThenByDescending(load => load.WasChanged).First();
        var (before, after) = (Untouched(progress, told.Part), told.After);
        var causes = loop.Causes;
        var change = string.Join(" + ", loop.InForce.Select(ObservedLoop.Describe));
        return new ScenarioResult(
            causes.Count == 0 ? null : string.Join('+', causes.Take(scenario.Parts.Count)),
            change.Length == 0 ? null : change,
            Rounded(before),
            Rounded(after),
            Rounded(before is { } worse && after is { } better ? told.Figure.Ratio(worse, better) : null),
            Rounded(healedAfter),
            loop.AppliedWrong);
    }

    private double? SecondsToRollBack(ObservedLoop loop) =>
        loop.RolledBackAt is { } rolledBack && loop.AskedAt.Count > 0 ? time.GetElapsedTime(loop.AskedAt.Values.Min(), rolledBack).TotalSeconds : null;

    private static double? Rounded(double? value) => value is { } number ? Math.Round(number, 2) : null;

    private void TellFigures(RunningLab lab, long since) => narrator.Tell(
        "load",
        string.Join("  ", lab.Judged.Select(load => string.Create(CultureInfo.InvariantCulture, $"{load.Name} {load.Load.Figure.Text(load.Load.Between(since, time.GetTimestamp()))}"))));
}
