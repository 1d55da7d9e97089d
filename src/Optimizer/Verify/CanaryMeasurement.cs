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

    /// <summary>Less is taken for this much, so that a flow which stops altogether still has a ratio, a very bad one.</summary>
    private const double LeastBytesPerSecond = 1000;

    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<Verdict> JudgeAsync(Change change, DateTimeOffset appliedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var earliest = appliedAt - change.JudgeAfter - Settling;
        var before = new TimeRange(change.TroubleSince > earliest ? change.TroubleSince : earliest, appliedAt);
        var after = new TimeRange(await SettledAtAsync(change, appliedAt, now, cancellationToken), now);
        var beforeRates = await RatesAsync(change.Edge, before, cancellationToken);
        var afterRates = await RatesAsync(change.Edge, after, cancellationToken);
        var controlsBefore = await AllRatesAsync(change.Controls, before, cancellationToken);
        var controlsAfter = await AllRatesAsync(change.Controls, after, cancellationToken);
        var (meanBefore, meanAfter) = (new BytesPerSecond(Mean(beforeRates)), new BytesPerSecond(Mean(afterRates)));

        var effect = RatioTest.Compare(AgainstControl(beforeRates, controlsBefore), AgainstControl(afterRates, controlsAfter));
        if (effect is null || afterRates.Count < MinimumReadingsAfter)
        {
            return new Verdict(Outcome.Unclear, meanBefore, meanAfter, null, $"{beforeRates.Count} readings before and {afterRates.Count} after the change are too few");
        }

        var figures = $"throughput {meanBefore} → {meanAfter}, effect {effect}, {Control(change, controlsBefore, controlsAfter)}";
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
        var broken = rttAfter > rttBefore * WorstRoundTripGrowth || lostAfter > lostBefore + WorstRetransmittedGrowth;
        return (broken, $"round-trip time {rttBefore * 1000:0.0} → {rttAfter * 1000:0.0} ms, retransmitted {lostBefore * 100:0.00} → {lostAfter * 100:0.00} %{(broken ? ": too much" : "")}");
    }

    private static string Control(Change change, ImmutableArray<TimeSeries> before, ImmutableArray<TimeSeries> after) => change.Controls.IsEmpty
        ? "without a control: nothing comparable carries traffic"
        : $"untouched control {string.Join(", ", change.Controls.Select(edge => edge.Peer))}: {new BytesPerSecond(Mean(before))} → {new BytesPerSecond(Mean(after))}";

    /// <summary>Logarithms of the edge's rates, the controls' mean at the nearest reading divided out.</summary>
    private static List<double> AgainstControl(TimeSeries edge, ImmutableArray<TimeSeries> controls)
    {
        var result = new List<double>(edge.Count);
        for (var i = 0; i < edge.Count; i++)
        {
            var at = edge.UnixMilliseconds.Span[i];
            var atControls = controls.Where(control => control.Count > 0).Select(control => Nearest(control, at)).ToList();
            var control = atControls.Count == 0 ? 1 : Math.Max(atControls.Average(), LeastBytesPerSecond);
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
        Mean([.. await store.ReadAsync(selector, range, cancellationToken)]);

    private async Task<TimeSeries> RatesAsync(Edge edge, TimeRange range, CancellationToken cancellationToken) =>
        await store.ReadAsync(edge.Select(TcpMetrics.IoBytes, LabelNames.Transmit), range, cancellationToken) is [var counter, ..]
            ? CounterRate.Of(counter, range.To - range.From)
            : new TimeSeries(LabelSet.Of(TcpMetrics.IoBytes.Name), default, default);

    private async Task<ImmutableArray<TimeSeries>> AllRatesAsync(ImmutableArray<Edge> edges, TimeRange range, CancellationToken cancellationToken)
    {
        var all = ImmutableArray.CreateBuilder<TimeSeries>(edges.Length);
        foreach (var edge in edges)
        {
            all.Add(await RatesAsync(edge, range, cancellationToken));
        }

        return all.DrainToImmutable();
    }

    private static double Mean(TimeSeries series) => series.Count == 0 ? 0 : series.Values.ToArray().Average();

    private static double Mean(ImmutableArray<TimeSeries> series) => series.Where(s => s.Count > 0).Select(Mean).DefaultIfEmpty(0).Average();
}
