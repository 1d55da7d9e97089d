using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Detection;

/// <summary>Who talks to whom, seen from the reporting side.</summary>
/// <param name="Node">Where it was measured.</param>
/// <param name="Owner">The reporting side.</param>
/// <param name="Peer">The other side.</param>
/// <param name="ServerPort">The listening side's port.</param>
/// <param name="Role">The reporting side's: <see cref="LabelNames.Server"/> or <see cref="LabelNames.Client"/>.</param>
public sealed record Edge(string Node, WorkloadIdentity Owner, WorkloadIdentity Peer, string ServerPort, string Role)
{
    public static Edge Of(LabelSet labels) => new(
        labels[LabelNames.Node],
        new WorkloadIdentity(labels[LabelNames.Namespace], labels[LabelNames.Workload], labels[LabelNames.Pod]),
        new WorkloadIdentity(labels[LabelNames.PeerNamespace], labels[LabelNames.PeerWorkload], labels[LabelNames.PeerPod]),
        labels[LabelNames.ServerPort],
        labels[LabelNames.Role]);

    /// <summary>The labels of this edge's series.</summary>
    public (string Name, string Value)[] Labels() =>
    [
        (LabelNames.Node, Node),
        (LabelNames.Namespace, Owner.Namespace),
        (LabelNames.Workload, Owner.Workload),
        (LabelNames.Pod, Owner.Pod),
        (LabelNames.PeerNamespace, Peer.Namespace),
        (LabelNames.PeerWorkload, Peer.Workload),
        (LabelNames.PeerPod, Peer.Pod),
        (LabelNames.ServerPort, ServerPort),
        (LabelNames.Role, Role),
    ];

    /// <summary>The labels of the same connections as the peer reports them, from whichever node it is on.</summary>
    public (string Name, string Value)[] LabelsAtPeer() =>
    [
        (LabelNames.Namespace, Peer.Namespace),
        (LabelNames.Workload, Peer.Workload),
        (LabelNames.Pod, Peer.Pod),
        (LabelNames.PeerNamespace, Owner.Namespace),
        (LabelNames.PeerWorkload, Owner.Workload),
        (LabelNames.PeerPod, Owner.Pod),
        (LabelNames.ServerPort, ServerPort),
        (LabelNames.Role, Role == LabelNames.Server ? LabelNames.Client : LabelNames.Server),
    ];

    /// <summary>Selects one metric of this edge.</summary>
    public SeriesSelector Select(MetricDefinition metric, string direction = "") => SeriesSelector.Of(metric.Name, [.. Labels(), (LabelNames.Direction, direction)]);

    /// <summary>The same connections as the peer reports them.</summary>
    public SeriesSelector SelectAtPeer(MetricDefinition metric) => SeriesSelector.Of(metric.Name, LabelsAtPeer());

    public override string ToString() => $"{Owner} → {Peer}:{ServerPort}";
}
