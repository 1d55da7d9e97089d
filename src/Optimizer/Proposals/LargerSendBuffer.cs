using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.SendBufferBelowBandwidthDelay"/> to a ceiling that holds what is under way.</summary>
/// <remarks>
/// The third number of net.ipv4.tcp_wmem becomes what keeps 1.5 times the bandwidth-delay product under way, by the share of the buffer that is payload now,
/// and at least twice the product. Quadrupled where the path was never seen to carry more.
/// </remarks>
public sealed class LargerSendBuffer : IRemedy
{
    private const double Headroom = 1.5;
    private const double LeastProducts = 2;

    public RemedyDescription About { get; } = new(Cause.SendBufferBelowBandwidthDelay, ["net.ipv4.tcp_wmem"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        if (finding.Measured.Connections is not { SendLimits: { } limits } measured || context.Of(measured.Edge.Owner) is not { } target)
        {
            return null;
        }

        var connections = Math.Max(1, measured.Connections ?? 1);
        var delay = measured.PathRoundTripTime ?? TimeSpan.Zero;
        var bandwidthIsKnown = measured.BestThroughput.Value > 1.5 * measured.Throughput.Value;
        var payloadShare = Math.Clamp(measured.Throughput.BytesInFlight(delay) / connections / (measured.SendBufferBytes ?? limits.Maximum), 0.2, 0.9);
        var product = measured.BestThroughput.BytesInFlight(delay) / connections;
        var wanted = bandwidthIsKnown ? Math.Max(LeastProducts * product, Headroom * product / payloadShare) : 4.0 * limits.Maximum;
        var ceiling = Ceiling.Of(wanted, limits.Maximum, Ceiling.LargestBufferBytes);
        var grown = measured.Throughput.Value * ceiling / limits.Maximum;
        return new SysctlProposal(
            finding,
            target,
            [new SysctlWrite("net.ipv4.tcp_wmem", limits.ToString(), (limits with { Maximum = ceiling }).ToString())],
            Objective.Throughput(measured.Edge),
            measured.Throughput.Value,
            bandwidthIsKnown ? Math.Min(measured.BestThroughput.Value, grown) : grown,
            (long)((ceiling - limits.Maximum) * connections),
            About.TakesEffect)
        {
            Controls = [.. context.ControlsOf(measured.Edge, changesPeer: false, measured.Throughput.Value).Select(Objective.Throughput)],
        };
    }
}
