using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Proposals;

/// <summary>Where a change is to be made.</summary>
/// <param name="Node">On which.</param>
/// <param name="Pod">Whose network namespace; <see langword="null"/> for the node's own.</param>
/// <param name="Workload">The pod's; empty for the node's own.</param>
public sealed record Target(string Node, PodReference? Pod, string Workload);

/// <summary>What a remedy may look at beside the finding.</summary>
public sealed record RemedyContext(ImmutableArray<EdgeTraffic> Traffic, ClusterSnapshot Cluster)
{
    /// <summary>A pod's network namespace: the node's where the pod uses that.</summary>
    /// <returns><see langword="null"/> for a pod that we do not know, and for what is no pod.</returns>
    public Target? Of(WorkloadIdentity identity)
    {
        if (Cluster.PodNamed(identity.Namespace, identity.Pod) is not { } pod || identity.Pod.Length == 0)
        {
            return null;
        }

        return pod.Spec.HostNetwork
            ? new Target(pod.Spec.NodeName, null, "")
            : new Target(pod.Spec.NodeName, new PodReference { Namespace = pod.Metadata.Namespace, Name = pod.Metadata.Name }, identity.Workload);
    }

    /// <summary>The namespace of a subject that is a pod or a node.</summary>
    public Target? Of(Subject subject) => subject is Subject.OfNode node ? new Target(node.Name, null, "") : Of(subject.Owner);

    /// <summary>The node on which a pod is, for what only a node has.</summary>
    public Target? NodeOf(WorkloadIdentity identity) => Cluster.PodNamed(identity.Namespace, identity.Pod) is { } pod ? new Target(pod.Spec.NodeName, null, "") : null;

    /// <summary>Edges of other pods of the same workload at the same end and port that carry as much: what befalls them too is not the change's doing.</summary>
    /// <param name="edge">That is to be helped.</param>
    /// <param name="changesPeer">Whether the change is made at the edge's peer; else at its owner.</param>
    /// <param name="bytesPerSecond">That the edge carries.</param>
    public ImmutableArray<Edge> ControlsOf(Edge edge, bool changesPeer, double bytesPerSecond) =>
    [
        .. from other in Traffic
           where changesPeer ? other.Edge.Peer != edge.Peer && IsSibling(other.Edge.Peer, edge.Peer) : other.Edge.Owner != edge.Owner && IsSibling(other.Edge.Owner, edge.Owner)
           where (other.Edge.ServerPort, other.Edge.Role) == (edge.ServerPort, edge.Role) && other.LatestThroughput.Value >= bytesPerSecond / 2
           select other.Edge,
    ];

    private static bool IsSibling(WorkloadIdentity one, WorkloadIdentity other) => (one.Namespace, one.Workload) == (other.Namespace, other.Workload);
}
