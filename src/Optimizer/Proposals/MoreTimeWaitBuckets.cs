using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.TimeWaitTableFull"/> to a larger table: net.ipv4.tcp_max_tw_buckets of the pod.</summary>
/// <remarks>Twice what holds, at most 1,048,576.</remarks>
public sealed class MoreTimeWaitBuckets : IRemedy
{
    private const string Sysctl = "net.ipv4.tcp_max_tw_buckets";

    public RemedyDescription About { get; } = new(Cause.TimeWaitTableFull, ["net.ipv4.tcp_max_tw_buckets"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        var (subject, own) = (finding.Subject, finding.Measured.Own);
        if (own.Sysctl(Sysctl) is not { } current || context.Of(subject) is not { } target)
        {
            return null;
        }

        var value = Math.Max(current, Math.Min(2 * current, 1_048_576));
        return new SysctlProposal(
            finding, target, [new SysctlWrite(Sysctl, $"{current}", $"{value}")],
            Objectives.ErrorRate("sockets dropped from TIME_WAIT", subject, subject.SelectAtOwner(NamespaceMetrics.TimeWaitOverflows)),
            own.PerSecond(NamespaceMetrics.TimeWaitOverflows) ?? 0, 0, (value - current) * 300, About.TakesEffect);
    }
}
