using NetPulse.Collector.Kernel;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources;

internal static class EdgeLabels
{
    /// <summary>The labels of one series of a workload pair.</summary>
    internal static LabelSet Of(MetricDefinition metric, string node, TcpEdgeKey key, params ReadOnlySpan<(string Name, string Value)> further) => LabelSet.Of(
        metric.Name,
        [
            (LabelNames.Node, node),
            (LabelNames.Namespace, key.Owner.Namespace),
            (LabelNames.Workload, key.Owner.Workload),
            (LabelNames.Pod, key.Owner.Pod),
            (LabelNames.HostNetwork, HostNetworkOf(key.Owner)),
            (LabelNames.PeerNamespace, key.Peer.Namespace),
            (LabelNames.PeerWorkload, key.Peer.Workload),
            (LabelNames.PeerPod, key.Peer.Pod),
            (LabelNames.ServerPort, key.ServerPort == 0 ? "" : $"{key.ServerPort}"),
            (LabelNames.Role, key.Role == EdgeRole.Client ? LabelNames.Client : LabelNames.Server),
            .. further,
        ]);

    /// <summary>Empty, which is no label, where the owner has a network of its own or is no pod.</summary>
    internal static string HostNetworkOf(WorkloadIdentity owner) => owner.IsHostNetwork ? "true" : "";
}
