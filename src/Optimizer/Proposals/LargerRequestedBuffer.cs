using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.ReceiveBufferClamped"/> to what the application may ask for: net.core.rmem_max of the node.</summary>
/// <remarks>
/// For TCP what offers a window of 1.25 times the bandwidth-delay product, by the share of the buffer that is window now; the kernel doubles what is asked for. For UDP twice the
/// burst: the buffer held the share of the datagrams that was delivered. Quadrupled where neither is known. Every process of the node may then ask for as much.
/// </remarks>
public sealed class LargerRequestedBuffer : IRemedy
{
    private const string Sysctl = "net.core.rmem_max";
    private const double Headroom = 1.25;

    public RemedyDescription About { get; } = new(Cause.ReceiveBufferClamped, [Sysctl], SysctlEffect.NewSockets);

    public SysctlProposal? Propose(Finding finding, RemedyContext context) =>
        finding.Measured.Connections is { } measured ? OfConnections(finding, measured, context) : OfDatagrams(finding, context);

    private SysctlProposal? OfConnections(Finding finding, ConnectionEvidence measured, RemedyContext context)
    {
        if ((finding.Measured.Peer.Sysctl(Sysctl) ?? finding.Measured.PeerNode.Sysctl(Sysctl)) is not { } limit || context.NodeOf(measured.Edge.Peer) is not { } target)
        {
            return null;
        }

        var connections = Math.Max(1, measured.Connections ?? 1);
        var delay = measured.PathRoundTripTime ?? TimeSpan.Zero;
        var bandwidthIsKnown = measured.BestThroughput.Value > 1.5 * measured.Throughput.Value;
        var windowShare = Math.Clamp(measured.SendWindowBytes / measured.ReceiveBufferBytes ?? 0.5, 0.25, 0.9);
        var wanted = bandwidthIsKnown ? Headroom * measured.BestThroughput.BytesInFlight(delay) / connections / windowShare / 2 : 4.0 * limit;
        var ceiling = Ceiling.Of(wanted, limit, Ceiling.LargestBufferBytes);
        return new SysctlProposal(
            finding,
            target,
            [new SysctlWrite(Sysctl, $"{limit}", $"{ceiling}")],
            Objective.Throughput(measured.Edge),
            measured.Throughput.Value,
            bandwidthIsKnown ? measured.BestThroughput.Value : measured.Throughput.Value * ceiling / limit,
            (long)(2 * (ceiling - limit) * Math.Max(1, measured.LockedReceiveBuffers ?? 1)),
            About.TakesEffect);
    }

    private SysctlProposal? OfDatagrams(Finding finding, RemedyContext context)
    {
        if ((finding.Measured.Own.Sysctl(Sysctl) ?? finding.Measured.Node.Sysctl(Sysctl)) is not { } limit || context.NodeOf(finding.Subject.Owner) is not { } target)
        {
            return null;
        }

        var queue = UdpQueue.Of(finding.Measured);
        var ceiling = Ceiling.Of(limit * LargerDefaultBuffer.Growth(queue), limit, Ceiling.LargestBufferBytes);
        return new SysctlProposal(
            finding, target, [new SysctlWrite(Sysctl, $"{limit}", $"{ceiling}")], Objectives.DatagramLoss(finding.Subject),
            queue.Dropped / (queue.Dropped + queue.Delivered) ?? 0, 0, 2 * (ceiling - limit), About.TakesEffect);
    }
}
