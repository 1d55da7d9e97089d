using System.Collections.Immutable;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Exposition;

/// <summary>One metric's samples of one reading.</summary>
public sealed record MetricFamily(MetricDefinition Metric, IReadOnlyList<Sample> Samples);

/// <summary>Takes the samples of one reading, all of one time.</summary>
public sealed class SampleWriter(DateTimeOffset at)
{
    private readonly Dictionary<string, MetricFamily> families = new(StringComparer.Ordinal);
    private readonly long unixMilliseconds = at.ToUnixTimeMilliseconds();

    public DateTimeOffset At { get; } = at;

    public void Write(MetricDefinition metric, LabelSet labels, double value) =>
        SamplesOf(metric).Add(new Sample(labels, unixMilliseconds, value));

    /// <param name="measuredAt">Where that was before the reading.</param>
    public void Write(MetricDefinition metric, LabelSet labels, double value, DateTimeOffset measuredAt) =>
        SamplesOf(metric).Add(new Sample(labels, measuredAt.ToUnixTimeMilliseconds(), value));

    /// <summary>Writes every bucket, the sum and the count.</summary>
    public void Write(MetricDefinition metric, HistogramSeries histogram) => histogram.WriteTo(SamplesOf(metric), unixMilliseconds);

    /// <summary>What was written, by metric, in the order of names.</summary>
    public ImmutableArray<MetricFamily> Families() => [.. families.Values.OrderBy(family => family.Metric.Name, StringComparer.Ordinal)];

    private List<Sample> SamplesOf(MetricDefinition metric)
    {
        if (!families.TryGetValue(metric.Name, out var family))
        {
            family = new MetricFamily(metric, new List<Sample>());
            families.Add(metric.Name, family);
        }

        return (List<Sample>)family.Samples;
    }
}
