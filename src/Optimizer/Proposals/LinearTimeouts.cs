using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.ThinStreamBackoff"/> to timers that do not double while little is in flight.</summary>
/// <remarks>For the first six timeouts of a thin stream (net/ipv4/tcp_timer.c).</remarks>
public sealed class LinearTimeouts : IRemedy
{
    private const string Sysctl = "net.ipv4.tcp_thin_linear_timeouts";

    public RemedyDescription About { get; } = new(Cause.ThinStreamBackoff, ["net.ipv4.tcp_thin_linear_timeouts"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context) =>
        finding.Measured.Connections is { } measured && finding.Measured.Own.Sysctl(Sysctl) is { } current && context.Of(measured.Edge.Owner) is { } target
            ? new SysctlProposal(
                finding, target, [new SysctlWrite(Sysctl, $"{current}", "1")], Objectives.TimePerSegment(measured.Edge),
                0, 0, 0, About.TakesEffect)
            : null;
}
