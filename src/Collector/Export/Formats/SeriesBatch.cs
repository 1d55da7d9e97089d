using System.Runtime.InteropServices;
using NetPulse.Collector.Sampling;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Export.Formats;

/// <summary>Readings turned by series, in parts that a request may hold. The parts of a histogram stay together.</summary>
internal static class SeriesBatch
{
    /// <param name="readings">In the order in which they were taken.</param>
    /// <param name="match">Other series are left out.</param>
    /// <param name="requestSamples">About how many samples a part has at most.</param>
    public static IEnumerable<IReadOnlyList<SeriesPoints>> Of(IReadOnlyList<Reading> readings, LabelMatch match, int requestSamples)
    {
        var part = new List<SeriesPoints>();
        var samples = 0;
        foreach (var series in BySeries(readings, match))
        {
            if (samples >= requestSamples && MayBeginPart(part[^1]))
            {
                yield return part;
                (part, samples) = ([], 0);
            }

            part.Add(series);
            samples += series.Points.Count;
        }

        if (part.Count > 0)
        {
            yield return part;
        }
    }

    /// <summary>The same series, each part of one time. One part where there is one time.</summary>
    public static IReadOnlyList<IReadOnlyList<SeriesPoints>> ByTime(IReadOnlyList<SeriesPoints> series) =>
        [.. series.SelectMany(one => one.Points.Select(point => (one, point)))
            .GroupBy(pair => pair.point.UnixMilliseconds)
            .OrderBy(time => time.Key)
            .Select(time => time.Select(pair => pair.one with { Points = [pair.point] }).ToList())];

    /// <summary>Two parts of about the same size, or parts of one time each where the series cannot be told apart.</summary>
    public static IReadOnlyList<IReadOnlyList<SeriesPoints>> Halves(IReadOnlyList<SeriesPoints> series)
    {
        for (var cut = (series.Count + 1) / 2; cut < series.Count; cut++)
        {
            if (MayBeginPart(series[cut - 1]))
            {
                return [[.. series.Take(cut)], [.. series.Skip(cut)]];
            }
        }

        return ByTime(series);
    }

    public static int Samples(IReadOnlyList<SeriesPoints> series) => series.Sum(one => one.Points.Count);

    private static IEnumerable<SeriesPoints> BySeries(IReadOnlyList<Reading> readings, LabelMatch match)
    {
        var metrics = new SortedDictionary<string, (MetricDefinition Metric, Dictionary<LabelSet, List<Point>> Series)>(StringComparer.Ordinal);
        foreach (var family in readings.SelectMany(reading => reading.Families))
        {
            if (!metrics.TryGetValue(family.Metric.Name, out var metric))
            {
                metric = (family.Metric, []);
                metrics.Add(family.Metric.Name, metric);
            }

            foreach (var sample in family.Samples)
            {
                if (match.Takes(sample.Labels))
                {
                    ref var points = ref CollectionsMarshal.GetValueRefOrAddDefault(metric.Series, sample.Labels, out _);
                    Add(points ??= new List<Point>(readings.Count), new Point(sample.UnixMilliseconds, sample.Value));
                }
            }
        }

        return metrics.Values.SelectMany(metric => metric.Series.Select(series => new SeriesPoints(metric.Metric, series.Key, series.Value)));
    }

    /// <summary>A clock that was set back, or a source whose value is older than the reading, must not bring two values for one time or an earlier time after a later.</summary>
    private static void Add(List<Point> points, Point point)
    {
        var place = points.Count;
        while (place > 0 && points[place - 1].UnixMilliseconds > point.UnixMilliseconds)
        {
            place--;
        }

        if (place > 0 && points[place - 1].UnixMilliseconds == point.UnixMilliseconds)
        {
            points[place - 1] = point;
        }
        else
        {
            points.Insert(place, point);
        }
    }

    private static bool MayBeginPart(SeriesPoints last) =>
        last.Metric.Kind != MetricKind.Histogram || last.Labels.Name.EndsWith("_count", StringComparison.Ordinal);
}
