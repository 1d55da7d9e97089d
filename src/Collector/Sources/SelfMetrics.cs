using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Sources;

/// <summary>What the collector itself counts and costs.</summary>
public sealed class SelfMetrics(NodeName node) : ISource, IDisposable
{
    private readonly OwnMetrics metrics = new();
    private readonly SeriesLabels labels = new(node.Value);

    public string Name => "self";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        labels.BeginReading();
        metrics.Write(samples, LabelsOf);
    }

    public void Dispose() => metrics.Dispose();

    private LabelSet LabelsOf(MetricDefinition metric, Label label) => labels.Of(metric, null, label);
}
