using System.Collections.Immutable;
using NetPulse.Optimizer.Proposals;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Verify;

/// <summary>Reads a <see cref="Measure"/> from the store as one value over time.</summary>
public sealed class ObjectiveValues(ISampleStore store)
{
    private const string UpperBoundLabel = "le";

    /// <summary>One value a pair of readings for counters, one a reading for gauges; none where nothing was measured.</summary>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<TimeSeries> ReadAsync(Measure measure, TimeRange range, CancellationToken cancellationToken) => measure switch
    {
        Measure.Rate rate => Rates(await GrowthAsync(rate.Counters, range, cancellationToken)),
        Measure.Share share => Shares(await GrowthAsync(share.Part, range, cancellationToken), await GrowthAsync(share.Whole, range, cancellationToken)),
        Measure.Gauge gauge => Means(await store.ReadAsync(gauge.Series.Selector, range, cancellationToken)),
        Measure.Quantile quantile => Quantiles(await store.ReadAsync(quantile.Histogram.With($"{quantile.Histogram.Metric}_bucket").Selector, range, cancellationToken), quantile.At),
        _ => throw new InvalidOperationException($"{measure.GetType().Name} is no measure that can be read"),
    };

    /// <summary>Growth of the counters' sum from one reading to the next, and the time between, by the later one's time.</summary>
    private async Task<SortedList<long, (double Growth, double Seconds)>> GrowthAsync(ImmutableArray<MeasuredSeries> counters, TimeRange range, CancellationToken cancellationToken)
    {
        var all = new List<TimeSeries>();
        foreach (var counter in counters)
        {
            all.AddRange(await store.ReadAsync(counter.Selector, range, cancellationToken));
        }

        return Growth(all);
    }

    private static SortedList<long, (double Growth, double Seconds)> Growth(IEnumerable<TimeSeries> counters)
    {
        var growth = new SortedList<long, (double Growth, double Seconds)>();
        foreach (var counter in counters)
        {
            var times = counter.UnixMilliseconds.Span;
            var values = counter.Values.Span;
            for (var i = 1; i < times.Length; i++)
            {
                // A counter that fell has restarted: what it had reached before was not seen.
                if (values[i] >= values[i - 1])
                {
                    var before = growth.GetValueOrDefault(times[i]);
                    growth[times[i]] = (before.Growth + values[i] - values[i - 1], Math.Max(before.Seconds, (times[i] - times[i - 1]) / 1000.0));
                }
            }
        }

        return growth;
    }

    private static TimeSeries Rates(SortedList<long, (double Growth, double Seconds)> growth) => Of(growth.Where(pair => pair.Value.Seconds > 0).Select(pair => (pair.Key, pair.Value.Growth / pair.Value.Seconds)));

    private static TimeSeries Shares(SortedList<long, (double Growth, double Seconds)> part, SortedList<long, (double Growth, double Seconds)> whole) =>
        Of(whole.Where(pair => pair.Value.Growth > 0).Select(pair => (pair.Key, part.GetValueOrDefault(pair.Key).Growth / pair.Value.Growth)));

    private static TimeSeries Means(IReadOnlyList<TimeSeries> gauges) =>
        Of(gauges.SelectMany(series => Enumerable.Range(0, series.Count).Select(i => (At: series.UnixMilliseconds.Span[i], Value: series.Values.Span[i])))
            .GroupBy(point => point.At).OrderBy(at => at.Key).Select(at => (at.Key, at.Average(point => point.Value))));

    /// <summary>Linear within a bucket, as PromQL's histogram_quantile; what is above the last bound counts as that bound.</summary>
    private static TimeSeries Quantiles(IReadOnlyList<TimeSeries> buckets, double at)
    {
        var byBound = buckets.GroupBy(series => Bound(series.Labels[UpperBoundLabel])).OrderBy(bound => bound.Key).Select(bound => (Bound: bound.Key, Growth: Growth(bound))).ToList();
        if (byBound.Count == 0 || !double.IsPositiveInfinity(byBound[^1].Bound))
        {
            return Of([]);
        }

        return Of(byBound[^1].Growth.Where(pair => pair.Value.Growth > 0).Select(pair => (pair.Key, QuantileAt(pair.Key, at * pair.Value.Growth))));

        double QuantileAt(long time, double rank)
        {
            var (lower, below) = (0.0, 0.0);
            foreach (var (bound, growth) in byBound)
            {
                var count = growth.GetValueOrDefault(time).Growth;
                if (count >= rank && !double.IsPositiveInfinity(bound))
                {
                    return count > below ? lower + ((bound - lower) * (rank - below) / (count - below)) : bound;
                }

                (lower, below) = double.IsPositiveInfinity(bound) ? (lower, below) : (bound, count);
            }

            return lower;
        }
    }

    private static double Bound(string text) => text == "+Inf" ? double.PositiveInfinity : double.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static TimeSeries Of(IEnumerable<(long At, double Value)> points)
    {
        var all = points.ToArray();
        return new TimeSeries(LabelSet.Empty, all.Select(point => point.At).ToArray(), all.Select(point => point.Value).ToArray());
    }
}
