using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.SocketBacklogOverflow"/> to a larger receive buffer, which the backlog grows with: net.ipv4.tcp_rmem of the pod.</summary>
/// <remarks>Twice the ceiling, at most 64 MiB.</remarks>
public sealed class RoomierBacklog : IRemedy
{
    public RemedyDescription About { get; } = new(Cause.SocketBacklogOverflow, ["net.ipv4.tcp_rmem"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        var (subject, own) = (finding.Subject, finding.Measured.Own);
        if (own.Limits("net.ipv4.tcp_rmem") is not { } limits || context.Of(subject) is not { } target)
        {
            return null;
        }

        var ceiling = Ceiling.Of(2.0 * limits.Maximum, limits.Maximum, Ceiling.LargestBufferBytes);
        return new SysctlProposal(
            finding, target, [new SysctlWrite("net.ipv4.tcp_rmem", limits.ToString(), (limits with { Maximum = ceiling }).ToString())],
            Objectives.ErrorRate("segments that found the backlog full", subject, subject.SelectAtOwner(NamespaceMetrics.BacklogDrops)),
            own.PerSecond(NamespaceMetrics.BacklogDrops) ?? 0, 0, ceiling - limits.Maximum, About.TakesEffect);
    }
}
