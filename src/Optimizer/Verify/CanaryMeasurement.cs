using System.Collections.Immutable;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Units;

namespace NetPulse.Optimizer.Verify;

/// <summary>Measures what a change did, against the edge's own past and against comparable untouched edges.</summary>
public sealed class CanaryMeasurement(ISampleStore store)
{
    /// <summary>Time that a flow needs to grow into a new limit.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(5);

    /// <summary>Readings after the change that make a verdict.</summary>
    private const int MinimumReadingsAfter = 6;

    /// <summary>The least gain worth a lasting change.</summary>
    private const double LeastGain = 1.1;

    /// <summary>Growth of the round-trip time that no gain in throughput is worth.</summary>
    private const double WorstRoundTripGrowth = 1.5;

    /// <summary>Growth of the retransmitted share, in absolute terms, that no gain in throughput is worth.</summary>
    private const double WorstRetransmittedGrowth = 0.02;

    /// <summary>A control that carries less than this share of what it carried before is idle or in a trouble of its own.</summary>
    private const double LeastControlShare = 0.5;

    /// <summary>Less is taken for this much, so that a flow which stops altogether still has a ratio, a very bad one.</summary>
    private const double LeastBytesPerSecond = 1000;

    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<Verdict> JudgeAsync(Change change, DateTimeOffset appliedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var earliest = appliedAt - change.JudgeAfter - Settling;
        var before = new TimeRange(change.TroubleSince > earliest ? change.TroubleSince : earliest, appliedAt);
        var settledAt = await SettledAtAsync(change, appliedAt, now, cancellationToken);
        // Until then there is no gain to be found yet, but harm.
        var after = new TimeRange(settledAt < now ? settledAt : appliedAt + Settling, now);
        var beforeRates = await RatesAsync(change.Edge, before, cancellationToken);
        var afterRates = await RatesAsync(change.Edge, after, cancellationToken);
        var controls = await ControlsAsync(change.Controls, before, after, cancellationToken);
        var (controlsBefore, controlsAfter) = (controls.Select(control => control.Before).ToImmutableArray(), controls.Select(control => control.After).ToImmutableArray());
        var (meanBefore, meanAfter) = (new BytesPerSecond(Mean(beforeRates)), new BytesPerSecond(Mean(afterRates)));

        var effect = RatioTest.Compare(AgainstControl(beforeRates, controlsBefore), AgainstControl(afterRates, controlsAfter));
        if (effect is null || afterRates.Count < MinimumReadingsAfter)
        {
            return new Verdict(Outcome.Unclear, meanBefore, meanAfter, null, $"{beforeRates.Count} readings before and {afterRates.Count} after the change are too few");
        }

        var figures = $"throughput {meanBefore} → {meanAfter}, effect {effect}, {Describe(controls)}";
        var guard = await BrokenGuardAsync(change.Edge, before, after, cancellationToken);
        var outcome = guard.Broken || effect.High < 1 / LeastGain ? Outcome.Harmed
            : effect.Low >= LeastGain ? Outcome.Helped
            : Outcome.NoEffect;
        return new Verdict(outcome, meanBefore, meanAfter, effect, $"{figures}; {guard.Text}");
    }

    /// <summary>When the connections that were open at the change had ended and their successors had grown; half the measuring time is waited for that at most.</summary>
    private async Task<DateTimeOffset> SettledAtAsync(Change change, DateTimeOffset appliedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var atChange = await MeanOfAsync(change.Edge.Select(TcpMetrics.Connections), TimeRange.Before(appliedAt, change.JudgeAfter), cancellationToken);
        var latest = appliedAt + Settling + (change.JudgeAfter / 2);
        if (await store.ReadAsync(change.Edge.Select(TcpMetrics.ConnectionsClosed), new TimeRange(appliedAt, now), cancellationToken) is [var closed, ..])
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

    private async Task<(bool Broken, string Text)> BrokenGuardAsync(Edge edge, TimeRange before, TimeRange after, CancellationToken cancellationToken)
    {
        var rttBefore = await MeanOfAsync(edge.Select(TcpMetrics.SmoothedRtt), before, cancellationToken);
        var rttAfter = await MeanOfAsync(edge.Select(TcpMetrics.SmoothedRtt), after, cancellationToken);
        var lostBefore = await RetransmittedShareAsync(edge, before, cancellationToken);
        var lostAfter = await RetransmittedShareAsync(edge, after, cancellationToken);
        var broken = (rttBefore > 0 && rttAfter > rttBefore * WorstRoundTripGrowth) || lostAfter > lostBefore + WorstRetransmittedGrowth;
        return (broken, $"round-trip time {rttBefore * 1000:0.0} → {rttAfter * 1000:0.0} ms, retransmitted {lostBefore * 100:0.00} → {lostAfter * 100:0.00} %{(broken ? ": too much" : "")}");
    }

    private static string Describe(ImmutableArray<Control> controls) => controls.IsEmpty
        ? "without a control: nothing comparable carried traffic all along"
        : $"untouched control {string.Join(", ", controls.Select(control => control.Edge.Peer))}: {new BytesPerSecond(controls.Average(control => Mean(control.Before)))} → {new BytesPerSecond(controls.Average(control => Mean(control.After)))}";

    /// <summary>Logarithms of the edge's rates, the controls' mean at the nearest reading divided out.</summary>
    private static List<double> AgainstControl(TimeSeries edge, ImmutableArray<TimeSeries> controls)
    {
        var result = new List<double>(edge.Count);
        for (var i = 0; i < edge.Count; i++)
        {
            var at = edge.UnixMilliseconds.Span[i];
            var control = controls.IsEmpty ? 1 : Math.Max(controls.Average(control => Nearest(control, at)), LeastBytesPerSecond);
            result.Add(Math.Log(Math.Max(edge.Values.Span[i], LeastBytesPerSecond) / control));
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

    private async Task<double> RetransmittedShareAsync(Edge edge, TimeRange range, CancellationToken cancellationToken)
    {
        var sent = await IncreaseAsync(edge.Select(TcpMetrics.Segments, LabelNames.Transmit), range, cancellationToken);
        return sent > 0 ? await IncreaseAsync(edge.Select(TcpMetrics.Retransmits), range, cancellationToken) / sent : 0;
    }

    private async Task<double> IncreaseAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken) =>
        (await store.ReadAsync(selector, range, cancellationToken)).Sum(CounterRate.Increase);

    private async Task<double> MeanOfAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken) =>
        (await store.ReadAsync(selector, range, cancellationToken)).Where(series => series.Count > 0).Select(Mean).DefaultIfEmpty(0).Average();

    private async Task<TimeSeries> RatesAsync(Edge edge, TimeRange range, CancellationToken cancellationToken) =>
        await store.ReadAsync(edge.Select(TcpMetrics.IoBytes, LabelNames.Transmit), range, cancellationToken) is [var counter, ..]
            ? CounterRate.Of(counter, range.To - range.From)
            : new TimeSeries(LabelSet.Of(TcpMetrics.IoBytes.Name), default, default);

    /// <summary>The controls that carried traffic all along: one that fell silent meanwhile would make any change look like a gain.</summary>
    private async Task<ImmutableArray<Control>> ControlsAsync(ImmutableArray<Edge> edges, TimeRange before, TimeRange after, CancellationToken cancellationToken)
    {
        var controls = ImmutableArray.CreateBuilder<Control>();
        foreach (var edge in edges)
        {
            var control = new Control(edge, await RatesAsync(edge, before, cancellationToken), await RatesAsync(edge, after, cancellationToken));
            if (control.Before.Count > 0 && control.After.Count > 0 && Mean(control.After) >= LeastControlShare * Mean(control.Before))
            {
                controls.Add(control);
            }
        }

        return controls.DrainToImmutable();
    }

    private static double Mean(TimeSeries series) => series.Count == 0 ? 0 : series.Values.ToArray().Average();

    /// <param name="Edge">An edge that was not changed.</param>
    /// <param name="Before">Its rates before the change.</param>
    /// <param name="After">Its rates after it.</param>
    private sealed record Control(Edge Edge, TimeSeries Before, TimeSeries After);
}
