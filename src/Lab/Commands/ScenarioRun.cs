using NetPulse.Lab.Scenarios;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Commands;

/// <summary>Healthy, then trouble, then (on request) healed by hand, a line a second.</summary>
internal sealed class ScenarioRun(Scenario scenario, LabSettings settings, TextWriter output, TimeProvider time)
{
    private static readonly TimeSpan Healthy = TimeSpan.FromSeconds(5);

    /// <returns>Whether the healing was worth nine tenths of what it should be, or nothing was expected of it.</returns>
    internal async Task<bool> RunAsync(bool heal, CancellationToken cancellationToken)
    {
        await using var lab = await RunningLab.StartAsync(scenario, settings, time, cancellationToken);
        await output.WriteLineAsync($"{scenario.Name}: {scenario.Problem}");
        await PhaseAsync(lab, "healthy", Healthy, cancellationToken);
        await lab.WorsenAsync(cancellationToken);
        var before = await PhaseAsync(lab, "trouble", scenario.Settling + scenario.Measuring, cancellationToken);
        if (!heal)
        {
            return true;
        }

        lab.Heal();
        var changes = scenario.Healing.Select(change => $"{change.Name} = {change.Value} in {change.Pod ?? "the node"}");
        var after = await PhaseAsync(lab, $"healed by hand: {string.Join(", ", changes)}", scenario.Settling + scenario.Measuring, cancellationToken);
        var isHealed = true;
        foreach (var (load, i) in lab.Judged.Select((load, i) => (load, i)))
        {
            var healed = IsTouched(load);
            var part = scenario.Parts.First(part => part.Loads.Contains(load.Description));
            var (worse, better) = (before[i], after[i]);
            await output.WriteLineAsync($"{load.Name}: {load.Load.Figure.Name} {load.Load.Figure.Text(worse)} -> {load.Load.Figure.Text(better)}, "
                + $"ratio {(worse is { } b && better is { } a ? load.Load.Figure.Ratio(b, a) : double.NaN):0.00}"
                + $"{(healed && part.Expected is { } e ? $" (expected {load.Load.Figure.Ratio(e.Before, e.After):0.0})" : "")}{(healed ? "" : " (control)")}");
            isHealed &= !healed || scenario.IsPlanted || part.Expected is not { } expected || Judgement.IsHealed(load.Load.Figure, expected, worse, better);
        }

        return isHealed;
    }

    private bool IsTouched(RunningLoad load) => scenario.Healing.Any(change => change.Pod is null || change.Pod == load.Place.From.Name || change.Pod == load.Place.To.Name);

    /// <returns>Each judged load's figure over the end of the phase; what comes before is left to settling.</returns>
    private async Task<double?[]> PhaseAsync(RunningLab lab, string title, TimeSpan duration, CancellationToken cancellationToken)
    {
        await output.WriteLineAsync(title);
        var judged = lab.Judged.ToList();
        var start = time.GetTimestamp();
        var last = start;
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        while (time.GetElapsedTime(start) < duration)
        {
            await tick.WaitForNextTickAsync(cancellationToken);
            if (lab.Completion.IsFaulted)
            {
                await lab.Completion;
            }

            var now = time.GetTimestamp();
            await output.WriteLineAsync($"{time.GetElapsedTime(start).TotalSeconds,5:0} s  {string.Join("  ", judged.Select(load => $"{load.Name} {load.Load.Figure.Text(load.Load.Between(last, now)),12}"))}");
            last = now;
        }

        var from = last - (long)(scenario.Measuring.TotalSeconds * time.TimestampFrequency);
        return [.. judged.Select(load => load.Load.Between(Math.Max(start, from), last))];
    }
}
