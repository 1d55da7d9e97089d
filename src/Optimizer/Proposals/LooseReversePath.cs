using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.ReversePathFilter"/> to loose mode: net.ipv4.conf.all.rp_filter = 2.</summary>
/// <remarks>Loose mode lets through what strict mode drops, forged or not: a person decides.</remarks>
public sealed class LooseReversePath : IRemedy
{
    private const string Sysctl = "net.ipv4.conf.all.rp_filter";

    public RemedyDescription About { get; } = new(Cause.ReversePathFilter, ["net.ipv4.conf.all.rp_filter"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        var (subject, own) = (finding.Subject, finding.Measured.Own);
        if (own.Sysctl(Sysctl) is not { } current || context.Of(subject) is not { } target)
        {
            return null;
        }

        var value = Math.Max(current, 2);
        return new SysctlProposal(
            finding, target, [new SysctlWrite(Sysctl, $"{current}", $"{value}")],
            Objectives.ErrorRate("packets dropped by rp_filter", subject, subject.SelectAtOwner(NamespaceMetrics.ReversePathDrops)),
            own.PerSecond(NamespaceMetrics.ReversePathDrops) ?? 0, 0, 0, About.TakesEffect)
        {
            Obstacle = "loose mode lets forged packets through as well: whether the other path is meant to be is for a person to decide",
        };
    }
}
