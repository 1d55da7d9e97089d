using NetPulse.Lab.Demo;
using NetPulse.Lab.Load;
using NetPulse.Lab.Scenarios;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Judge;

/// <summary>One scenario without our services: once there is trouble, a static profile is written in the host's network namespace, as the common tuning DaemonSet does.</summary>
internal sealed class StaticRun(Scenario scenario, string prefix, IReadOnlyList<KeyValuePair<string, string>> profile, TextWriter log, TimeProvider time)
{
    private static readonly TimeSpan Healthy = TimeSpan.FromSeconds(4);

    private readonly Narrator narrator = new(log, time);

    internal async Task<(ScenarioResult Result, Figure Figure)> RunAsync(CancellationToken cancellationToken)
    {
        await using var lab = await RunningLab.StartAsync(
            scenario with { Healing = [.. profile.Select(line => new SysctlChange(Pod: null, line.Key, line.Value))] }, new LabSettings { Prefix = prefix }, time, cancellationToken);
        await Task.Delay(Healthy, time, cancellationToken);
        await lab.WorsenAsync(cancellationToken);
        var load = lab.Judged.First();
        var before = await MeasureAsync(load, cancellationToken);
        lab.Heal();
        var changed = time.GetTimestamp();
        var after = await MeasureAsync(load, cancellationToken);
        narrator.Tell("load", $"{load.Name}: {load.Load.Figure.Text(before)} -> {load.Load.Figure.Text(after)}");
        var isHealed = scenario.Expected is { } expected && Judgement.IsHealed(load.Load.Figure, expected, before, after);
        double? ratio = before is { } worse && after is { } better ? load.Load.Figure.Ratio(worse, better) : null;
        return (new ScenarioResult(null, "static profile in the host's network namespace", before, after, ratio, isHealed ? time.GetElapsedTime(changed).TotalSeconds : null, 0), load.Load.Figure);
    }

    private async Task<double?> MeasureAsync(RunningLoad load, CancellationToken cancellationToken)
    {
        await Task.Delay(scenario.Settling, time, cancellationToken);
        var from = time.GetTimestamp();
        await Task.Delay(scenario.Measuring, time, cancellationToken);
        return load.Load.Between(from, time.GetTimestamp());
    }
}
