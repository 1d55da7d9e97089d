using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Units;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.ReceiveWindowBelowBandwidthDelay"/> to a ceiling that holds the path.</summary>
/// <remarks>
/// The third number of net.ipv4.tcp_rmem becomes 2.5 times the bandwidth-delay product of one connection: the kernel keeps about half of the buffer
/// for its own bookkeeping (tcp_adv_win_scale), and a quarter is room for the path's queue. Where the path was never seen to carry more than now,
/// its bandwidth is not known and the ceiling is quadrupled; the next finding says whether that was enough.
/// </remarks>
public static class LargerReceiveWindow
{
    public const string Sysctl = "net.ipv4.tcp_rmem";

    /// <summary>The largest ceiling that is ever proposed: with more, one connection can pin more memory than any path we know needs.</summary>
    private const long LargestCeilingBytes = 64L << 20;

    /// <summary>One proposal a receiving pod, for the edge that carried the most; none for a pod that we do not know.</summary>
    public static ImmutableArray<SysctlProposal> For(ImmutableArray<Finding> findings, ImmutableArray<EdgeTraffic> traffic, ClusterSnapshot cluster)
    {
        return
        [
            .. from finding in findings
               where finding is { Cause: Cause.ReceiveWindowBelowBandwidthDelay, Measured.ReceiveLimits: not null, Edge.Peer.Pod: not "" }
               group finding by finding.Edge.Peer into ofPod
               let pod = cluster.PodNamed(ofPod.Key.Namespace, ofPod.Key.Pod)
               where pod is not null
               let finding = ofPod.MaxBy(finding => finding.Measured.BestThroughput)
               orderby finding.Edge.ToString()
               select Propose(finding, pod, Controls(traffic, finding)),
        ];
    }

    /// <summary>Edges to other pods of the same workload and port that carry as much: what befalls them too is not the change's doing.</summary>
    private static ImmutableArray<Edge> Controls(ImmutableArray<EdgeTraffic> traffic, Finding treated) =>
    [
        .. from other in traffic
           where other.Edge.Peer != treated.Edge.Peer
               && (other.Edge.Peer.Namespace, other.Edge.Peer.Workload) == (treated.Edge.Peer.Namespace, treated.Edge.Peer.Workload)
               && (other.Edge.ServerPort, other.Edge.Role) == (treated.Edge.ServerPort, treated.Edge.Role)
               && other.LatestThroughput.Value >= treated.Measured.Throughput.Value / 2
           select other.Edge,
    ];

    private static SysctlProposal Propose(Finding finding, Pod pod, ImmutableArray<Edge> controls)
    {
        var measured = finding.Measured;
        var limits = measured.ReceiveLimits!;
        var connections = Math.Max(1, measured.Connections ?? 1);
        var delay = measured.RoundTripTime ?? TimeSpan.Zero;
        var bandwidthIsKnown = measured.BestThroughput.Value > 1.5 * measured.Throughput.Value;
        var wanted = bandwidthIsKnown ? 2.5 * measured.BestThroughput.BytesInFlight(delay) / connections : 4.0 * limits.Maximum;
        var ceiling = Math.Clamp((long)Math.Ceiling(wanted / 4096) * 4096, limits.Maximum, LargestCeilingBytes);
        var windowRate = ceiling / 2.0 * connections / Math.Max(delay.TotalSeconds, 0.001);
        return new SysctlProposal(
            finding,
            pod.Spec.NodeName,
            new PodReference { Namespace = pod.Metadata.Namespace, Name = pod.Metadata.Name },
            Sysctl,
            limits.ToString(),
            (limits with { Maximum = ceiling }).ToString(),
            new BytesPerSecond(bandwidthIsKnown ? Math.Min(measured.BestThroughput.Value, windowRate) : Math.Min(windowRate, measured.Throughput.Value * ceiling / limits.Maximum)),
            (long)((ceiling - limits.Maximum) * connections),
            controls);
    }
}
