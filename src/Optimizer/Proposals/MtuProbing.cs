using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.PathMtuBlackHole"/> to probing for the size that passes.</summary>
/// <remarks>1 probes only once a timer has run out; running connections begin at their next one. The MTU itself is the better cure where it can be set.</remarks>
public sealed class MtuProbing : IRemedy
{
    private const string Sysctl = "net.ipv4.tcp_mtu_probing";

    public RemedyDescription About { get; } = new(Cause.PathMtuBlackHole, ["net.ipv4.tcp_mtu_probing"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context) =>
        finding.Measured.Connections is { } measured && finding.Measured.Own.Sysctl(Sysctl) is { } current && context.Of(measured.Edge.Owner) is { } target
            ? new SysctlProposal(
                finding, target, [new SysctlWrite(Sysctl, $"{current}", "1")], Objectives.ThroughputFromStandstill(measured.Edge),
                measured.Throughput.Value, measured.BestThroughput.Value, 0, About.TakesEffect)
            : null;
}
