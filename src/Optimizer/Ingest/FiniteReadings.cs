using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Ingest;

/// <summary>A store as the optimizer reads it: without what is no number.</summary>
/// <remarks>A Prometheus that sends our metrics on marks the end of a series with NaN (a stale marker), which is no reading.</remarks>
public sealed class FiniteReadings(ISampleStore store) : ISampleStore
{
    public ValueTask AppendAsync(IReadOnlyList<Sample> samples, CancellationToken cancellationToken) => store.AppendAsync(samples, cancellationToken);

    public async ValueTask<IReadOnlyList<TimeSeries>> ReadAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken) =>
        WithoutGaps(await store.ReadAsync(selector, range, cancellationToken));

    public async ValueTask<IEnumerable<IReadOnlyList<TimeSeries>>> StreamAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken) =>
        (await store.StreamAsync(selector, range, cancellationToken)).Select(WithoutGaps);

    public ValueTask<IReadOnlyCollection<LabelSet>> SeriesAsync(IReadOnlyList<SeriesSelector> selectors, TimeRange range, CancellationToken cancellationToken) =>
        store.SeriesAsync(selectors, range, cancellationToken);

    private static IReadOnlyList<TimeSeries> WithoutGaps(IReadOnlyList<TimeSeries> all) => [.. all.Select(WithoutGaps).Where(static series => series.Count > 0)];

    private static TimeSeries WithoutGaps(TimeSeries series)
    {
        var values = series.Values.Span;
        if (!values.ContainsAnyExceptInRange(double.MinValue, double.MaxValue))
        {
            return series;
        }

        var kept = Enumerable.Range(0, series.Count).Where(i => double.IsFinite(series.Values.Span[i])).ToList();
        return new TimeSeries(series.Labels, kept.Select(i => series.UnixMilliseconds.Span[i]).ToArray(), kept.Select(i => series.Values.Span[i]).ToArray());
    }
}
