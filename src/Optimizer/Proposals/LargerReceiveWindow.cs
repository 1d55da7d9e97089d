using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.ReceiveWindowBelowBandwidthDelay"/> to a ceiling that holds the path.</summary>
/// <remarks>
/// The third number of net.ipv4.tcp_rmem becomes what offers a window of 1.25 times the bandwidth-delay product to one connection. Which share of a
/// buffer is offered as window (the rest is the kernel's bookkeeping, tcp_sock.scaling_ratio) is measured; half, where it was not. Where the path
/// was never seen to carry more than now, its bandwidth is not known and the ceiling is quadrupled; the next finding says whether that was enough.
/// </remarks>
public sealed class LargerReceiveWindow : IRemedy
{
    /// <summary>Room beyond the bandwidth-delay product, so that the window does not stop a sender whose segments wait in the path's queue.</summary>
    private const double Headroom = 1.25;

    // A running connection grows only when it reads more in a round trip than ever before (tcp_rcv_space_adjust).
    public RemedyDescription About { get; } = new(Cause.ReceiveWindowBelowBandwidthDelay, ["net.ipv4.tcp_rmem"], SysctlEffect.NewConnections);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        if (finding.Measured.Connections is not { ReceiveLimits: { } limits } measured || context.Of(measured.Edge.Peer) is not { } target)
        {
            return null;
        }

        var connections = Math.Max(1, measured.Connections ?? 1);
        var delay = measured.PathRoundTripTime ?? TimeSpan.Zero;
        var bandwidthIsKnown = measured.BestThroughput.Value > 1.5 * measured.Throughput.Value;
        var windowShare = Math.Clamp(measured.SendWindowBytes / measured.ReceiveBufferBytes ?? 0.5, 0.25, 0.9);
        var wanted = bandwidthIsKnown ? Headroom * measured.BestThroughput.BytesInFlight(delay) / connections / windowShare : 4.0 * limits.Maximum;
        var ceiling = Ceiling.Of(wanted, limits.Maximum, Ceiling.LargestBufferBytes);
        var windowRate = ceiling * windowShare * connections / Math.Max(delay.TotalSeconds, 0.001);
        return new SysctlProposal(
            finding,
            target,
            [new SysctlWrite("net.ipv4.tcp_rmem", limits.ToString(), (limits with { Maximum = ceiling }).ToString())],
            Objective.Throughput(measured.Edge),
            measured.Throughput.Value,
            bandwidthIsKnown ? Math.Min(measured.BestThroughput.Value, windowRate) : Math.Min(windowRate, measured.Throughput.Value * ceiling / limits.Maximum),
            (long)((ceiling - limits.Maximum) * connections),
            About.TakesEffect)
        {
            // A window scale is agreed on in the first packet: what runs may have no more to offer than it has.
            Obstacle = measured.ConnectionsClosed is 0 ? $"no connection of {measured.Edge} was seen to end, and a running one may keep what it has: it profits when it connects anew" : "",
            Controls = [.. context.ControlsOf(measured.Edge, changesPeer: true, measured.Throughput.Value).Select(Objective.Throughput)],
        };
    }
}
