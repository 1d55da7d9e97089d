using System.Collections.Immutable;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Proposals;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Verify;

/// <summary>Measures what a change did, against the subject's own past and against comparable untouched subjects, as often as one likes (<see cref="SequentialTest"/>).</summary>
public sealed class CanaryMeasurement(ISampleStore store)
{
    /// <summary>Time that a flow needs to grow into a new limit.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    /// <summary>Readings after the change that make a verdict: fewer may be one odd moment, whatever their logarithms say.</summary>
    private const int MinimumReadingsAfter = 4;

    /// <summary>Readings that are taken together at most.</summary>
    private const int LargestBlock = 5;

    /// <summary>Readings that tell what holds now.</summary>
    private const int LatestReadings = 3;

    /// <summary>Blocks without anything to measure that are no more than chance.</summary>
    private const double LargestEmptyShare = 0.1;

    /// <summary>A control that carries less than this share of what it carried before is idle or in a trouble of its own.</summary>
    private const double LeastControlShare = 0.5;

    /// <summary>More of the past says nothing more about now.</summary>
    private static readonly TimeSpan LongestBefore = TimeSpan.FromMinutes(2);

    /// <summary>Readings of the trouble that a change is compared with, at least.</summary>
    private const int MinimumReadingsBefore = SequentialTest.MinimumBefore + 1;

    private readonly ObjectiveValues values = new(store);

    /// <summary>Whether the trouble has been measured for long enough that what a change does to it can be told.</summary>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<bool> CanJudgeAsync(SysctlProposal proposal, DateTimeOffset now, CancellationToken cancellationToken) =>
        (await values.ReadAsync(proposal.Objective.Measure, new TimeRange(proposal.Finding.Measured.Range.From, now), cancellationToken)).Count >= MinimumReadingsBefore;

    /// <summary>What the change did to the canary.</summary>
    /// <param name="change">In force.</param>
    /// <param name="appliedAt">Since then.</param>
    /// <param name="now">End of what is looked at.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<Verdict> JudgeAsync(Change change, DateTimeOffset appliedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var settledAt = await SettledAtAsync(change, appliedAt, now, cancellationToken);
        // The Tuner may have acted well before it was asked whether it had.
        var before = RangeBefore(change, change.PlannedAt);
        // Until then there is no gain to be found yet, but harm.
        var after = new TimeRange(settledAt < now ? settledAt : appliedAt + Settling, now);
        return await CompareAsync(change.Objective, [.. change.Objective.Guards, .. CommonGuards.Of(change)], change.Controls, before, after, cancellationToken);
    }

    /// <summary>What a stage did to those that it reached, and what became of the canary meanwhile: the first that is worse off, else the canary's.</summary>
    /// <param name="change">With its reach.</param>
    /// <param name="stageAppliedAt">Since then the stage's pods have it.</param>
    /// <param name="now">End of what is looked at.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<Verdict> JudgeStageAsync(Change change, DateTimeOffset stageAppliedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var after = new TimeRange(stageAppliedAt + Settling < now ? stageAppliedAt + Settling : now, now);
        var untouched = change.Controls.Where(control => !change.Touches(control.Subject)).ToImmutableArray();
        foreach (var reached in change.Controls.Where(control => change.Touches(control.Subject)))
        {
            var verdict = await CompareAsync(reached, reached.Guards, untouched, RangeBefore(change, stageAppliedAt), after, cancellationToken);
            if (verdict.Outcome == Outcome.Harmed)
            {
                return verdict with { Reason = $"{reached.Subject}: {verdict.Reason}" };
            }
        }

        return await CompareAsync(change.Objective, [.. change.Objective.Guards, .. CommonGuards.Of(change)], untouched, RangeBefore(change, change.PlannedAt), after, cancellationToken);
    }

    private static TimeRange RangeBefore(Change change, DateTimeOffset appliedAt)
    {
        var earliest = appliedAt - LongestBefore;
        return new TimeRange(change.TroubleSince > earliest ? change.TroubleSince : earliest, appliedAt);
    }

    private async Task<Verdict> CompareAsync(
        Objective objective, ImmutableArray<GuardMetric> guards, ImmutableArray<Objective> controlled, TimeRange before, TimeRange after, CancellationToken cancellationToken)
    {
        var beforeValues = await values.ReadAsync(objective.Measure, before, cancellationToken);
        var afterValues = await values.ReadAsync(objective.Measure, after, cancellationToken);
        var readingsAfter = afterValues.Count;
        var (meanBefore, meanAfter) = (Mean(beforeValues), Mean(afterValues));
        var block = BlockSize(objective, beforeValues);
        (beforeValues, afterValues) = (Blocks(beforeValues, block), Blocks(afterValues, block));
        var controls = await ControlsAsync(controlled, before, after, cancellationToken);
        var (controlsBefore, controlsAfter) = (controls.Select(control => control.Before).ToImmutableArray(), controls.Select(control => control.After).ToImmutableArray());

        var effect = SequentialTest.Compare(AgainstControl(objective, beforeValues, controlsBefore), AgainstControl(objective, afterValues, controlsAfter));
        if (effect is null || readingsAfter < MinimumReadingsAfter)
        {
            return new Verdict(Outcome.Unclear, meanBefore, meanAfter, null, $"{beforeValues.Count * block} readings before and {readingsAfter} after the change are too few");
        }

        var figures = $"{objective.Name} {objective.Text(meanBefore)} → {objective.Text(meanAfter)}, effect {effect}, {Describe(objective, controls)}";
        var guard = await BrokenGuardAsync(guards, before, after, cancellationToken);
        var outcome = guard.Broken || effect.High < 1 / objective.LeastGain ? Outcome.Harmed
            : effect.Low >= objective.LeastGain ? Outcome.Helped
            : effect.High < objective.LeastGain ? Outcome.NoEffect
            : Outcome.Unclear;
        return new Verdict(outcome, meanBefore, meanAfter, effect, $"{figures}; {guard.Text}");
    }

    /// <summary>When the connections that were open at the change had ended and their successors had grown; half the measuring time is waited for that at most.</summary>
    private async Task<DateTimeOffset> SettledAtAsync(Change change, DateTimeOffset appliedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (change.Objective.Subject is not Subject.OfEdge { Edge: var edge })
        {
            return appliedAt + Settling;
        }

        var atChange = Mean(await values.ReadAsync(Measure.GaugeOf(edge.Select(TcpMetrics.Connections)), TimeRange.Before(appliedAt, change.JudgeAfter), cancellationToken));
        var latest = appliedAt + Settling + (change.JudgeAfter / 2);
        if (await store.ReadAsync(edge.Select(TcpMetrics.ConnectionsClosed), new TimeRange(appliedAt, now), cancellationToken) is [var closed, ..])
        {
            for (var i = 1; i < closed.Count; i++)
            {
                if (closed.Values.Span[i] - closed.Values.Span[0] >= Math.Max(1, atChange))
                {
                    var grown = closed.At(i) + Settling;
                    return grown < latest ? grown : latest;
                }
            }
        }

        return latest;
    }

    private async Task<(bool Broken, string Text)> BrokenGuardAsync(ImmutableArray<GuardMetric> guards, TimeRange before, TimeRange after, CancellationToken cancellationToken)
    {
        var texts = new List<string>();
        var broken = false;
        foreach (var guard in guards)
        {
            var seriesAfter = await values.ReadAsync(guard.Measure, after, cancellationToken);
            if (seriesAfter.Count == 0)
            {
                // Not measured here.
                continue;
            }

            var valueBefore = LevelBefore(guard, await values.ReadAsync(guard.Measure, before, cancellationToken));
            var valueAfter = Mean(seriesAfter);
            var isBroken = guard.IsBroken(valueBefore, valueAfter);
            if (!isBroken && valueBefore == 0 && valueAfter == 0)
            {
                continue;
            }

            broken |= isBroken;
            texts.Add($"{guard.Name} {guard.Text(valueBefore)} → {guard.Text(valueAfter)}{(isBroken ? ": too much" : "")}");
        }

        return (broken, string.Join(", ", texts));
    }

    /// <summary>The worse of its mean and of its latest: a trouble that has just begun may still grow.</summary>
    private static double LevelBefore(GuardMetric guard, TimeSeries before)
    {
        var latest = before.Values.ToArray().TakeLast(LatestReadings).DefaultIfEmpty(0).Average();
        return guard.Better == Better.Lower ? Math.Max(Mean(before), latest) : Math.Min(Mean(before), latest);
    }

    /// <summary>So many readings are taken together that hardly any such block of the trouble is empty: bursts are then compared with each other, not with the silence between them.</summary>
    /// <remarks>From the readings before the change alone, so that the test stays valid.</remarks>
    private static int BlockSize(Objective objective, TimeSeries before)
    {
        var size = 1;
        while (size < LargestBlock && before.Count / (size + 1) >= SequentialTest.MinimumBefore && EmptyShare(Blocks(before, size)) > LargestEmptyShare)
        {
            size++;
        }

        return size;

        double EmptyShare(TimeSeries blocks) => blocks.Values.ToArray().Count(value => value <= objective.LeastValue) / (double)blocks.Count;
    }

    /// <summary>Means of so many readings each, by the time of the last; what is left over at the end is left out.</summary>
    private static TimeSeries Blocks(TimeSeries series, int size)
    {
        if (size == 1)
        {
            return series;
        }

        var (times, values) = (series.UnixMilliseconds.ToArray(), series.Values.ToArray());
        var count = values.Length / size;
        return new TimeSeries(
            series.Labels,
            Enumerable.Range(1, count).Select(block => times[(block * size) - 1]).ToArray(),
            Enumerable.Range(0, count).Select(block => values.Skip(block * size).Take(size).Average()).ToArray());
    }

    private static string Describe(Objective objective, ImmutableArray<Control> controls) => controls.IsEmpty
        ? "without a control: nothing comparable carried traffic all along"
        : $"untouched control {string.Join(", ", controls.Select(control => control.Name))}: {objective.Text(controls.Average(control => Mean(control.Before)))} → {objective.Text(controls.Average(control => Mean(control.After)))}";

    /// <summary>Logarithms of the values, the controls' mean at the nearest reading divided out; a gain is positive.</summary>
    private static List<double> AgainstControl(Objective objective, TimeSeries treated, ImmutableArray<TimeSeries> controls)
    {
        var result = new List<double>(treated.Count);
        for (var i = 0; i < treated.Count; i++)
        {
            var at = treated.UnixMilliseconds.Span[i];
            var control = controls.IsEmpty ? 1 : Math.Max(controls.Average(control => Nearest(control, at)), objective.LeastValue);
            var logarithm = Math.Log(Math.Max(treated.Values.Span[i], objective.LeastValue) / control);
            result.Add(objective.Better == Better.Higher ? logarithm : -logarithm);
        }

        return result;
    }

    private static double Nearest(TimeSeries series, long at)
    {
        var times = series.UnixMilliseconds.Span;
        var index = times.BinarySearch(at);
        index = index >= 0 ? index : Math.Min(~index, times.Length - 1);
        return index > 0 && at - times[index - 1] < Math.Abs(times[index] - at) ? series.Values.Span[index - 1] : series.Values.Span[index];
    }

    /// <summary>The controls that were measured all along: one that fell silent meanwhile would make any change look like a gain.</summary>
    private async Task<ImmutableArray<Control>> ControlsAsync(ImmutableArray<Objective> objectives, TimeRange before, TimeRange after, CancellationToken cancellationToken)
    {
        var controls = ImmutableArray.CreateBuilder<Control>();
        foreach (var objective in objectives)
        {
            var control = new Control(
                objective.Subject is Subject.OfEdge { Edge.Peer: var peer } ? peer.ToString() : objective.Subject.ToString(),
                await values.ReadAsync(objective.Measure, before, cancellationToken),
                await values.ReadAsync(objective.Measure, after, cancellationToken));
            if (control.Before.Count > 0 && control.After.Count > 0 && (objective.Better == Better.Lower || Mean(control.After) >= LeastControlShare * Mean(control.Before)))
            {
                controls.Add(control);
            }
        }

        return controls.DrainToImmutable();
    }

    private static double Mean(TimeSeries series) => series.Count == 0 ? 0 : series.Values.ToArray().Average();

    /// <param name="Name">Of what was not changed.</param>
    /// <param name="Before">Its values before the change.</param>
    /// <param name="After">Its values after it.</param>
    private sealed record Control(string Name, TimeSeries Before, TimeSeries After);
}
