using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>What one segment of the log holds, in memory: columns by series. One thread adds, any may read.</summary>
internal sealed class Head
{
    private readonly Lock gate = new();
    private readonly Dictionary<LabelSet, int> ids = [];
    private readonly LabelIndex index = new();
    private readonly List<SampleColumns> columns = [];
    private long samples;

    public int Series
    {
        get
        {
            lock (gate)
            {
                return columns.Count;
            }
        }
    }

    public long Samples => Interlocked.Read(ref samples);

    /// <summary>The series' number in this segment; <see langword="null"/> before its first sample.</summary>
    public int? IdOf(LabelSet labels)
    {
        lock (gate)
        {
            return ids.TryGetValue(labels, out var id) ? id : null;
        }
    }

    /// <summary>Takes in one record: all of it, or, when the record is not well formed, none.</summary>
    /// <exception cref="FormatException">The record does not fit what came before it.</exception>
    public void Add(LogRecord record)
    {
        lock (gate)
        {
            if (record.FirstSeries != columns.Count)
            {
                throw new FormatException($"A record begins with series {record.FirstSeries} where {columns.Count} are known");
            }

            var known = columns.Count + record.Series.Count;
            foreach (var point in record.Points)
            {
                if (point.Series >= known)
                {
                    throw new FormatException($"A record names series {point.Series} where {known} are known");
                }
            }

            foreach (var labels in record.Series)
            {
                ids[labels] = index.Add(labels);
                columns.Add(new SampleColumns());
            }

            foreach (var point in record.Points)
            {
                columns[point.Series].Add(point.UnixMilliseconds, point.Value);
            }
        }

        Interlocked.Add(ref samples, record.Points.Count);
    }

    public void Read(SeriesCollector collector)
    {
        lock (gate)
        {
            foreach (var id in index.Select(collector.Selector))
            {
                columns[id].CopyTo(collector.For(index[id]), collector.From, collector.To);
            }
        }
    }

    /// <summary>Every series in order of time. Only for a head that nothing is added to any more.</summary>
    public IEnumerable<TimeSeries> All()
    {
        for (var id = 0; id < columns.Count; id++)
        {
            var (times, values) = columns[id].InOrder();
            yield return new TimeSeries(index[id], times, values);
        }
    }
}
