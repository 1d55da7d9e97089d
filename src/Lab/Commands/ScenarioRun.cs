using NetPulse.Lab.Scenarios;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Commands;

/// <summary>Healthy, then trouble, then (on request) healed, a line a second.</summary>
internal sealed class ScenarioRun(Scenario scenario, LabSettings settings, int phaseSeconds, TextWriter output, TimeProvider time)
{
    internal async Task RunAsync(bool heal, CancellationToken cancellationToken)
    {
        await using var lab = await RunningLab.StartAsync(scenario, settings, time, cancellationToken);
        await output.WriteLineAsync($"{scenario.Name}: {scenario.Problem}");
        await PhaseAsync(lab, $"healthy: round-trip time {lab.Pairs[0].Path.RoundTripTime.TotalMilliseconds} ms", cancellationToken);
        lab.Worsen();
        var before = await PhaseAsync(lab, $"trouble: round-trip time {scenario.TroubledRoundTripTime.TotalMilliseconds} ms", cancellationToken);
        if (!heal)
        {
            return;
        }

        lab.Heal();
        var after = await PhaseAsync(lab, $"healed: {scenario.Healing.Name} = {scenario.Healing.Value} in {scenario.Healing.Pod}", cancellationToken);
        for (var i = 0; i < lab.Pairs.Count; i++)
        {
            await output.WriteLineAsync(
                $"{lab.Pairs[i].Name}: {before[i] / 1e6:F1} -> {after[i] / 1e6:F1} Mbit/s, ratio {after[i] / before[i]:F2}, {lab.Pairs[i].Transfer.Connections} connection(s){(i == 0 ? "" : " (control)")}");
        }
    }

    /// <returns>Bits per second of each pair over the phase's second half: the first is left to settling.</returns>
    private async Task<double[]> PhaseAsync(RunningLab lab, string title, CancellationToken cancellationToken)
    {
        await output.WriteLineAsync(title);
        var half = lab.Pairs.Select(pair => new Throughput(pair, time)).ToArray();
        var second = lab.Pairs.Select(pair => new Throughput(pair, time)).ToArray();
        using var tick = new PeriodicTimer(TimeSpan.FromSeconds(1), time);
        for (var i = 1; i <= phaseSeconds; i++)
        {
            await tick.WaitForNextTickAsync(cancellationToken);
            if (lab.Completion.IsFaulted)
            {
                await lab.Completion;
            }

            await output.WriteLineAsync($"{i,5} s  {string.Join("  ", lab.Pairs.Select((pair, p) => $"{pair.Name} {second[p].NextBitsPerSecond() / 1e6,5:F1} Mbit/s"))}");
            if (i == phaseSeconds / 2)
            {
                half = [.. lab.Pairs.Select(pair => new Throughput(pair, time))];
            }
        }

        return [.. half.Select(measured => measured.NextBitsPerSecond())];
    }
}
