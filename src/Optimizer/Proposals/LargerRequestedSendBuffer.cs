using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.SendBufferClamped"/> to what the application may ask for: net.core.wmem_max of the node.</summary>
/// <remarks>As <see cref="LargerRequestedBuffer"/> for TCP.</remarks>
public sealed class LargerRequestedSendBuffer : IRemedy
{
    private const string Sysctl = "net.core.wmem_max";
    private const double Headroom = 1.5;

    public RemedyDescription About { get; } = new(Cause.SendBufferClamped, [Sysctl], SysctlEffect.NewSockets);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        if (finding.Measured.Connections is not { } measured || (finding.Measured.Own.Sysctl(Sysctl) ?? finding.Measured.Node.Sysctl(Sysctl)) is not { } limit
            || context.NodeOf(measured.Edge.Owner) is not { } target)
        {
            return null;
        }

        var bandwidthIsKnown = measured.BestThroughput.Value > 1.5 * measured.Throughput.Value;
        var product = measured.BestThroughput.BytesInFlight(measured.PathRoundTripTime ?? TimeSpan.Zero) / Math.Max(1, measured.Connections ?? 1);
        var ceiling = Ceiling.Of(bandwidthIsKnown ? Headroom * product : 4.0 * limit, limit, Ceiling.LargestBufferBytes);
        return new SysctlProposal(
            finding,
            target,
            [new SysctlWrite(Sysctl, $"{limit}", $"{ceiling}")],
            Objective.Throughput(measured.Edge),
            measured.Throughput.Value,
            bandwidthIsKnown ? measured.BestThroughput.Value : measured.Throughput.Value * ceiling / limit,
            (long)(2 * (ceiling - limit) * Math.Max(1, measured.LockedSendBuffers ?? 1)),
            About.TakesEffect);
    }
}
