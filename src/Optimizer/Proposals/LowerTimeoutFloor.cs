using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.RetransmissionTimeoutFloor"/> to a floor of some round trips.</summary>
/// <remarks>net.ipv4.tcp_rto_min_us becomes ten round trips, at least 5 ms; a peer that delays its acknowledgements by 40 ms shows itself by duplicates, which the guard watches.</remarks>
public sealed class LowerTimeoutFloor : IRemedy
{
    private const string Sysctl = "net.ipv4.tcp_rto_min_us";
    private const double RoundTrips = 10;
    private const double LeastMicroseconds = 5000;

    public RemedyDescription About { get; } = new(Cause.RetransmissionTimeoutFloor, ["net.ipv4.tcp_rto_min_us"], SysctlEffect.NewSockets);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        if (finding.Measured.Connections is not { RoundTripTime: { } rtt } measured || finding.Measured.Own.Sysctl(Sysctl) is not { } current || context.Of(measured.Edge.Owner) is not { } target)
        {
            return null;
        }

        var floor = Math.Min(current, (long)Math.Clamp(RoundTrips * rtt.TotalMicroseconds, LeastMicroseconds, current));
        return new SysctlProposal(
            finding, target, [new SysctlWrite(Sysctl, $"{current}", $"{floor}")], Objectives.TimePerSegment(measured.Edge),
            measured.BusyShare ?? 0, 0, 0, About.TakesEffect);
    }
}
