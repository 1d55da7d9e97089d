using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Tests.Diagnosis;

/// <summary>What one network namespace reported in eleven readings, two seconds apart.</summary>
internal sealed class Reported
{
    private const int Count = 11;

    private readonly List<TimeSeries> series = [];

    /// <summary>A counter that grew by this much over all of them, evenly.</summary>
    public Reported Grew(MetricDefinition metric, double by, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        series.Add(Of(LabelSet.Of(metric.Name, labels), i => 1000 + (by * i / (Count - 1))));
        return this;
    }

    public Reported Is(MetricDefinition metric, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        series.Add(Of(LabelSet.Of(metric.Name, labels), _ => value));
        return this;
    }

    public Reported Sysctl(string name, double value, string field = "") => Is(NamespaceMetrics.Sysctl, value, (LabelNames.Sysctl, name), (LabelNames.Field, field));

    public Reported Sysctl(string name, string value) => Is(NamespaceMetrics.SysctlInfo, 1, (LabelNames.Sysctl, name), (LabelNames.Value, value));

    public Readings Readings() => new(series);

    private static TimeSeries Of(LabelSet labels, Func<int, double> value) => new(
        labels,
        Enumerable.Range(0, Count).Select(i => Examples.Now.AddSeconds(2 * (i - Count + 1)).ToUnixTimeMilliseconds()).ToArray(),
        Enumerable.Range(0, Count).Select(value).ToArray());
}
