using NetPulse.Collector.Attribution;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Sources;

/// <summary>The pods of this node with what owns them, and which of them use the node's own network: to join with every other metric.</summary>
public sealed class PodInformation(NodeObserver observer, NodeName node) : ISource
{
    private readonly SeriesLabels labels = new(node.Value);

    public string Name => "pods";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        labels.BeginReading();
        foreach (var pod in observer.Current.Owners.Pods)
        {
            var series = labels.Of(
                AttributionMetrics.PodInfo, pod, new Label(LabelNames.WorkloadKind, pod.Kind), new Label(LabelNames.HostNetwork, pod.IsHostNetwork ? "true" : "false"));
            samples.Write(AttributionMetrics.PodInfo, series, 1);
        }
    }
}
