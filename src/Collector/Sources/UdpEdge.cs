using NetPulse.Collector.Kernel;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources;

/// <summary>Who exchanges datagrams with whom.</summary>
/// <param name="IsServer">Whether <paramref name="Owner"/> is the side that bound <paramref name="ServerPort"/>.</param>
internal sealed record UdpEdgeKey(WorkloadIdentity Owner, WorkloadIdentity Peer, ushort ServerPort, bool IsServer);

/// <summary>What one edge counted since we began.</summary>
internal sealed class UdpEdge(UdpEdgeKey key, string node)
{
    private readonly LabelSet sentBytes = Labels(UdpMetrics.IoBytes, key, node, LabelNames.Transmit);
    private readonly LabelSet sentDatagrams = Labels(UdpMetrics.Datagrams, key, node, LabelNames.Transmit);
    private readonly LabelSet receivedBytes = Labels(UdpMetrics.IoBytes, key, node, LabelNames.Receive);
    private readonly LabelSet receivedDatagrams = Labels(UdpMetrics.Datagrams, key, node, LabelNames.Receive);
    private UdpCounters total;

    public UdpEdgeKey Key { get; } = key;

    /// <summary>When it last counted anything.</summary>
    public DateTimeOffset LastUse { get; private set; }

    public void Add(in UdpCounters increase, DateTimeOffset now)
    {
        total += increase;
        LastUse = now;
    }

    public void Write(SampleWriter samples)
    {
        samples.Write(UdpMetrics.IoBytes, sentBytes, total.SentBytes);
        samples.Write(UdpMetrics.IoBytes, receivedBytes, total.ReceivedBytes);
        samples.Write(UdpMetrics.Datagrams, sentDatagrams, total.SentDatagrams);
        samples.Write(UdpMetrics.Datagrams, receivedDatagrams, total.ReceivedDatagrams);
    }

    private static LabelSet Labels(MetricDefinition metric, UdpEdgeKey key, string node, string direction) => LabelSet.Of(
        metric.Name,
        (LabelNames.Node, node),
        (LabelNames.Namespace, key.Owner.Namespace),
        (LabelNames.Workload, key.Owner.Workload),
        (LabelNames.Pod, key.Owner.Pod),
        (LabelNames.HostNetwork, EdgeLabels.HostNetworkOf(key.Owner)),
        (LabelNames.PeerNamespace, key.Peer.Namespace),
        (LabelNames.PeerWorkload, key.Peer.Workload),
        (LabelNames.PeerPod, key.Peer.Pod),
        (LabelNames.ServerPort, key.ServerPort == 0 ? "" : $"{key.ServerPort}"),
        (LabelNames.Role, key.IsServer ? LabelNames.Server : LabelNames.Client),
        (LabelNames.Direction, direction));
}
