using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Brings together what the day files and the heads hold of the asked series. They are read oldest first, so that the last written wins.</summary>
internal sealed class SeriesCollector(SeriesSelector selector, long from, long to)
{
    private readonly Dictionary<LabelSet, SampleColumns> series = [];

    public SeriesSelector Selector { get; } = selector;

    /// <summary>First wanted time, in Unix milliseconds.</summary>
    public long From { get; } = from;

    /// <summary>Last wanted time, in Unix milliseconds.</summary>
    public long To { get; } = to;

    public SampleColumns For(LabelSet labels)
    {
        if (!series.TryGetValue(labels, out var columns))
        {
            columns = new SampleColumns();
            series.Add(labels, columns);
        }

        return columns;
    }

    public IReadOnlyList<TimeSeries> Collected()
    {
        var collected = new List<TimeSeries>(series.Count);
        foreach (var (labels, columns) in series)
        {
            if (columns.Count > 0)
            {
                var (times, values) = columns.InOrder();
                collected.Add(new TimeSeries(labels, times, values));
            }
        }

        return collected;
    }
}
