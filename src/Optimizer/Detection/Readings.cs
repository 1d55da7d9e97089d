using System.Collections.Immutable;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Detection;

/// <summary>Everything that one network namespace reported over a range of time. What nobody measured is <see langword="null"/>, which is not zero.</summary>
public sealed class Readings
{
    public static readonly Readings None = new([]);

    private const int LeastForShape = 5;

    private readonly Dictionary<string, List<TimeSeries>> byMetric = new(StringComparer.Ordinal);

    public Readings(IEnumerable<TimeSeries> series)
    {
        foreach (var each in series.Where(each => each.Count > 0))
        {
            if (!byMetric.TryGetValue(each.Labels.Name, out var known))
            {
                known = [];
                byMetric.Add(each.Labels.Name, known);
            }

            known.Add(each);
            Node = Node.Length > 0 ? Node : each.Labels[LabelNames.Node];
        }
    }

    /// <summary>Where it was measured; empty where nothing was.</summary>
    public string Node { get; } = "";

    /// <summary>Series of a metric with these labels; an empty value is an absent label.</summary>
    public ImmutableArray<TimeSeries> Of(string metric, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var found = ImmutableArray.CreateBuilder<TimeSeries>();
        foreach (var series in byMetric.GetValueOrDefault(metric) ?? [])
        {
            var matches = true;
            foreach (var (name, value) in labels)
            {
                matches &= series.Labels[name] == value;
            }

            if (matches)
            {
                found.Add(series);
            }
        }

        return found.DrainToImmutable();
    }

    public ImmutableArray<TimeSeries> Of(MetricDefinition metric, params ReadOnlySpan<(string Name, string Value)> labels) => Of(metric.Name, labels);

    /// <summary>Growth of a counter, all its series added up; <see langword="null"/> where no series has two readings.</summary>
    public double? Increase(MetricDefinition metric, params ReadOnlySpan<(string Name, string Value)> labels) => Increase(metric.Name, labels);

    /// <summary>The same, of a part of a histogram as <c>NAME_count</c>.</summary>
    public double? Increase(string metric, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        double? sum = null;
        foreach (var series in Of(metric, labels))
        {
            sum = series.Count >= 2 ? (sum ?? 0) + CounterRate.Increase(series) : sum;
        }

        return sum;
    }

    /// <summary>Growth per second of the time that its readings span.</summary>
    public double? PerSecond(MetricDefinition metric, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        double? sum = null;
        foreach (var series in Of(metric, labels))
        {
            if (series.Count >= 2 && series.At(series.Count - 1) - series.At(0) is { TotalSeconds: > 0 } span)
            {
                sum = (sum ?? 0) + (CounterRate.Increase(series) / span.TotalSeconds);
            }
        }

        return sum;
    }

    /// <summary>The latest value, the largest of all matching series'.</summary>
    public double? Last(MetricDefinition metric, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        double? largest = null;
        foreach (var series in Of(metric, labels))
        {
            largest = Math.Max(largest ?? double.NegativeInfinity, series.Values.Span[^1]);
        }

        return largest;
    }

    /// <summary>The largest value of all readings.</summary>
    public double? Most(MetricDefinition metric, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        double? largest = null;
        foreach (var series in Of(metric, labels))
        {
            foreach (var value in series.Values.Span)
            {
                largest = Math.Max(largest ?? double.NegativeInfinity, value);
            }
        }

        return largest;
    }

    /// <summary>The mean over all readings of all matching series.</summary>
    public double? Mean(MetricDefinition metric, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var (sum, count) = (0.0, 0);
        foreach (var series in Of(metric, labels))
        {
            foreach (var value in series.Values.Span)
            {
                sum += value;
                count++;
            }
        }

        return count > 0 ? sum / count : null;
    }

    /// <summary>The median of the readings of the first matching series.</summary>
    public double? Median(MetricDefinition metric, params ReadOnlySpan<(string Name, string Value)> labels) =>
        Of(metric, labels) is [var series, ..] ? series.Values.ToArray().Order().ElementAt(series.Count / 2) : null;

    /// <summary>How often a gauge fell to less than a share of what it was at the reading before, all series added up; <see langword="null"/> with fewer than two readings.</summary>
    public double? Falls(MetricDefinition metric, double share, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        double? falls = null;
        foreach (var series in Of(metric, labels))
        {
            var values = series.Values.Span;
            for (var i = 1; i < values.Length; i++)
            {
                falls = (falls ?? 0) + (values[i] < values[i - 1] * share ? 1 : 0);
            }
        }

        return falls;
    }

    /// <summary>Share of the readings of the first matching counter at which it had grown.</summary>
    public double? GrowingShare(MetricDefinition metric, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        if (Of(metric, labels) is not [{ Count: >= 2 } series, ..])
        {
            return null;
        }

        var values = series.Values.Span;
        var grown = 0;
        for (var i = 1; i < values.Length; i++)
        {
            grown += values[i] > values[i - 1] ? 1 : 0;
        }

        return grown / (values.Length - 1.0);
    }

    /// <summary>The highest rate of the first matching counter per its mean; <see langword="null"/> with fewer than four rates, or where nothing grew.</summary>
    public double? PeakToMean(MetricDefinition metric, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        if (Of(metric, labels) is not [{ Count: >= LeastForShape } series, ..])
        {
            return null;
        }

        var rates = CounterRate.Of(series, TimeSpan.MaxValue).Values.ToArray();
        return rates.Length > 0 && rates.Average() is > 0 and var mean ? rates.Max() / mean : null;
    }

    /// <summary>Without what was read before a time.</summary>
    public Readings Since(DateTimeOffset from) => new(byMetric.Values.SelectMany(all => all).Select(series => After(series, from.ToUnixTimeMilliseconds())));

    private static TimeSeries After(TimeSeries series, long unixMilliseconds)
    {
        var first = series.UnixMilliseconds.Span.BinarySearch(unixMilliseconds);
        first = first < 0 ? ~first : first;
        return first == 0 ? series : series with { UnixMilliseconds = series.UnixMilliseconds[first..], Values = series.Values[first..] };
    }

    /// <summary>A sysctl's value in force, one of its numbers.</summary>
    /// <param name="name">Dotted.</param>
    /// <param name="field">Which of its numbers; empty where there is one.</param>
    public long? Sysctl(string name, string field = "") =>
        (long?)Last(NamespaceMetrics.Sysctl, (LabelNames.Sysctl, name), (LabelNames.Field, field));

    /// <summary>The value in force of a sysctl that is no number, as the latest reading has it.</summary>
    public string? SysctlText(string name) =>
        Of(NamespaceMetrics.SysctlInfo, (LabelNames.Sysctl, name)).MaxBy(series => series.UnixMilliseconds.Span[^1])?.Labels[LabelNames.Value];

    /// <summary>The three numbers of a buffer's sysctl.</summary>
    public TcpBufferLimits? Limits(string name) =>
        Sysctl(name, "min") is { } minimum && Sysctl(name, "default") is { } usual && Sysctl(name, "max") is { } maximum ? new TcpBufferLimits(minimum, usual, maximum) : null;
}
