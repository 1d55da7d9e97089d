using NetPulse.Collector.Attribution;
using NetPulse.Collector.Sources;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Collector.Tests;

/// <summary>What a source wrote, asked by metric and labels.</summary>
internal sealed record SourceReading(IReadOnlyList<MetricFamily> Families)
{
    internal static SourceReading Of(NodeObserver node, params ISource[] sources) => At(TimeProvider.System.GetUtcNow(), node, sources);

    internal static SourceReading At(DateTimeOffset at, NodeObserver node, params ISource[] sources)
    {
        node.Refresh();
        var writer = new SampleWriter(at);
        foreach (var source in sources)
        {
            source.Read(writer);
        }

        return new SourceReading(writer.Families());
    }

    internal static SourceReading Until(NodeObserver node, ISource source, Func<SourceReading, bool> condition)
    {
        SourceReading? reading = null;
        Wait.Until(() =>
        {
            reading = Of(node, source);
            return condition(reading);
        });
        return reading!;
    }

    /// <summary>The sum over every series of the metric that has all of these labels; of a histogram, the name of the series may stand among them.</summary>
    internal double Sum(MetricDefinition metric, params (string Name, string Value)[] labels) => Find(metric, labels).Sum(sample => sample.Value);

    internal IEnumerable<Sample> Find(MetricDefinition metric, params (string Name, string Value)[] labels) =>
        from family in Families
        where family.Metric == metric
        from sample in family.Samples
        where labels.All(label => sample.Labels[label.Name] == label.Value)
        select sample;
}
