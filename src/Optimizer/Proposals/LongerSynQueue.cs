using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.SynQueueOverflow"/> to a longer queue: net.ipv4.tcp_max_syn_backlog of the pod.</summary>
/// <remarks>Four times what holds, at least 1,024 and at most 65,536; the next finding says whether that was enough.</remarks>
public sealed class LongerSynQueue : IRemedy
{
    private const string Sysctl = "net.ipv4.tcp_max_syn_backlog";

    /// <summary>A request socket, about.</summary>
    private const long BytesPerRequest = 320;

    public RemedyDescription About { get; } = new(Cause.SynQueueOverflow, ["net.ipv4.tcp_max_syn_backlog"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        var (subject, own) = (finding.Subject, finding.Measured.Own);
        if (own.Sysctl(Sysctl) is not { } current || context.Of(subject) is not { } target)
        {
            return null;
        }

        var value = Math.Max(current, Math.Clamp(4 * current, 1024, 65_536));
        return new SysctlProposal(
            finding, target, [new SysctlWrite(Sysctl, $"{current}", $"{value}")],
            Objectives.Share("SYNs that found no room", subject, subject.SelectAtOwner(NamespaceMetrics.ListenDrops), subject.SelectAtOwner(NamespaceMetrics.PassiveOpens)),
            1 - (SynQueue.Of(finding.Measured).CompletedShare ?? 1), 0, (value - current) * BytesPerRequest, About.TakesEffect);
    }
}
