using NetPulse.Collector.Sources.Proc;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources;

/// <summary>Interfaces of each network namespace.</summary>
/// <remarks>Source: <c>/proc/net/dev</c>.</remarks>
public sealed class Interfaces(NamespaceFiles files, NodeName node) : ISource
{
    private static readonly Label Receive = new(LabelNames.Direction, LabelNames.Receive);
    private static readonly Label Transmit = new(LabelNames.Direction, LabelNames.Transmit);

    private readonly SeriesLabels labels = new(node.Value);

    public string Name => "interfaces";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        labels.BeginReading();
        files.ForEach(NamespaceFile.Interfaces, (target, text) => InterfaceFile.Read(text, (in each) =>
        {
            Write(samples, NamespaceMetrics.InterfaceBytes, target.Owner, each.Name, each.ReceivedBytes, each.SentBytes);
            Write(samples, NamespaceMetrics.InterfacePackets, target.Owner, each.Name, each.ReceivedPackets, each.SentPackets);
            Write(samples, NamespaceMetrics.InterfaceErrors, target.Owner, each.Name, each.ReceiveErrors, each.SendErrors);
            Write(samples, NamespaceMetrics.InterfaceDropped, target.Owner, each.Name, each.ReceiveDropped, each.SendDropped);
        }));
    }

    private void Write(SampleWriter samples, MetricDefinition metric, WorkloadIdentity owner, string name, ulong received, ulong sent)
    {
        var label = new Label(LabelNames.Interface, name);
        samples.Write(metric, labels.Of(metric, owner, label, Receive), received);
        samples.Write(metric, labels.Of(metric, owner, label, Transmit), sent);
    }
}
