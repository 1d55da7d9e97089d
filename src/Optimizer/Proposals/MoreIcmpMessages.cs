using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.IcmpRateLimit"/> to a higher limit of all messages together: net.ipv4.icmp_msgs_per_sec.</summary>
/// <remarks>Twice what holds, at most 10,000.</remarks>
public sealed class MoreIcmpMessages : IRemedy
{
    private const string Sysctl = "net.ipv4.icmp_msgs_per_sec";

    public RemedyDescription About { get; } = new(Cause.IcmpRateLimit, ["net.ipv4.icmp_msgs_per_sec"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        var (subject, own) = (finding.Subject, finding.Measured.Own);
        if (own.Sysctl(Sysctl) is not { } current || context.Of(subject) is not { } target)
        {
            return null;
        }

        var value = Math.Max(current, Math.Min(2 * current, 10_000));
        return new SysctlProposal(
            finding, target, [new SysctlWrite(Sysctl, $"{current}", $"{value}")],
            Objectives.ErrorRate("ICMP messages held back", subject, subject.SelectAtOwner(NamespaceMetrics.IcmpRateLimited), subject.SelectAtOwner(NamespaceMetrics.IcmpRateLimitedTogether)),
            own.PerSecond(NamespaceMetrics.IcmpRateLimited) ?? 0, 0, 0, About.TakesEffect)
        {
            Obstacle = "the limit protects others from reflected attacks: whether the messages are wanted is for a person to decide",
        };
    }
}
