using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.ReceiveWindowBelowBandwidthDelay"/> to a ceiling that holds the path.</summary>
/// <remarks>
/// The third number of net.ipv4.tcp_rmem becomes what offers a window of 1.25 times the bandwidth-delay product to one connection. Which share of a
/// buffer is offered as window (the rest is the kernel's bookkeeping, tcp_sock.scaling_ratio) is measured; half, where it was not. Where the path
/// was never seen to carry more than now, its bandwidth is not known and the ceiling is quadrupled; the next finding says whether that was enough.
/// </remarks>
public static class LargerReceiveWindow
{
    public const string Sysctl = "net.ipv4.tcp_rmem";

    /// <summary>The largest ceiling that is ever proposed: with more, one connection can pin more memory than any path we know needs.</summary>
    private const long LargestCeilingBytes = 64L << 20;

    /// <summary>Room beyond the bandwidth-delay product, so that the window does not stop a sender whose segments wait in the path's queue.</summary>
    private const double Headroom = 1.25;

    /// <summary>One proposal a receiving pod, for the edge that carried the most; none for a pod that we do not know, and none that would not raise the ceiling.</summary>
    public static ImmutableArray<SysctlProposal> For(ImmutableArray<Finding> findings, ImmutableArray<EdgeTraffic> traffic, ClusterSnapshot cluster)
    {
        return
        [
            .. from finding in findings
               where finding.Cause == Cause.ReceiveWindowBelowBandwidthDelay
               let measured = finding.Measured.Connections
               where measured is { ReceiveLimits: not null, Edge.Peer.Pod: not "" }
               group (Finding: finding, Measured: measured) by measured.Edge.Peer into ofPod
               let pod = cluster.PodNamed(ofPod.Key.Namespace, ofPod.Key.Pod)
               where pod is not null
               let most = ofPod.MaxBy(each => each.Measured.BestThroughput)
               orderby most.Measured.Edge.ToString()
               let proposal = Propose(most.Finding, most.Measured, pod, Controls(traffic, most.Measured))
               where proposal.Writes[0].After != proposal.Writes[0].Before
               select proposal,
        ];
    }

    /// <summary>Edges to other pods of the same workload and port that carry as much: what befalls them too is not the change's doing.</summary>
    private static ImmutableArray<Objective> Controls(ImmutableArray<EdgeTraffic> traffic, ConnectionEvidence treated) =>
    [
        .. from other in traffic
           where other.Edge.Peer != treated.Edge.Peer
               && (other.Edge.Peer.Namespace, other.Edge.Peer.Workload) == (treated.Edge.Peer.Namespace, treated.Edge.Peer.Workload)
               && (other.Edge.ServerPort, other.Edge.Role) == (treated.Edge.ServerPort, treated.Edge.Role)
               && other.LatestThroughput.Value >= treated.Throughput.Value / 2
           select Objective.Throughput(other.Edge),
    ];

    private static SysctlProposal Propose(Finding finding, ConnectionEvidence measured, Pod pod, ImmutableArray<Objective> controls)
    {
        var limits = measured.ReceiveLimits!;
        var connections = Math.Max(1, measured.Connections ?? 1);
        var delay = measured.PathRoundTripTime ?? TimeSpan.Zero;
        var bandwidthIsKnown = measured.BestThroughput.Value > 1.5 * measured.Throughput.Value;
        var windowShare = Math.Clamp(measured.SendWindowBytes / measured.ReceiveBufferBytes ?? 0.5, 0.25, 0.9);
        var wanted = bandwidthIsKnown ? Headroom * measured.BestThroughput.BytesInFlight(delay) / connections / windowShare : 4.0 * limits.Maximum;
        var ceiling = Math.Max(limits.Maximum, Math.Min((long)Math.Ceiling(wanted / 4096) * 4096, LargestCeilingBytes));
        var windowRate = ceiling * windowShare * connections / Math.Max(delay.TotalSeconds, 0.001);
        return new SysctlProposal(
            finding,
            pod.Spec.NodeName,
            new PodReference { Namespace = pod.Metadata.Namespace, Name = pod.Metadata.Name },
            measured.Edge.Peer.Workload,
            [new SysctlWrite(Sysctl, limits.ToString(), (limits with { Maximum = ceiling }).ToString())],
            Objective.Throughput(measured.Edge),
            measured.Throughput.Value,
            bandwidthIsKnown ? Math.Min(measured.BestThroughput.Value, windowRate) : Math.Min(windowRate, measured.Throughput.Value * ceiling / limits.Maximum),
            (long)((ceiling - limits.Maximum) * connections),
            // A running connection grows only when it reads more in a round trip than ever before (tcp_rcv_space_adjust).
            TakesEffect.NewConnections,
            controls);
    }
}
