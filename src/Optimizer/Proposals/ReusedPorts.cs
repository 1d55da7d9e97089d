using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.LocalPortsExhausted"/> to using ports again that only wait in TIME_WAIT: net.ipv4.tcp_tw_reuse = 1, where the range cannot be wider.</summary>
/// <remarks>Safe with timestamps, which tell an old segment from a new one; not behind a translation that rewrites them.</remarks>
public sealed class ReusedPorts : IRemedy
{
    public RemedyDescription About { get; } = new(Cause.LocalPortsExhausted, ["net.ipv4.tcp_tw_reuse"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context) =>
        LocalPorts.Of(finding.Measured.Own) is { Reuse: { } reuse and not 1, TimeWait: { } waiting, Ports: { } ports } use && waiting >= ports / 2 && context.Of(finding.Subject) is { } target
            ? new SysctlProposal(
                finding, target, [new SysctlWrite("net.ipv4.tcp_tw_reuse", $"{reuse}", "1")], WiderPortRange.Objective(finding.Subject),
                use.Failures / (use.Failures + use.Opens) ?? 0, 0, 0, About.TakesEffect)
            : null;
}
