using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.SynFlood"/> to cookies, where they are off: the service stays up without a longer queue.</summary>
/// <remarks>With cookies on nothing is proposed.</remarks>
public sealed class SynCookies : IRemedy
{
    private const string Sysctl = "net.ipv4.tcp_syncookies";

    public RemedyDescription About { get; } = new(Cause.SynFlood, ["net.ipv4.tcp_syncookies"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        var (subject, own) = (finding.Subject, finding.Measured.Own);
        if (own.Sysctl(Sysctl) is not { } current || context.Of(subject) is not { } target)
        {
            return null;
        }

        var value = Math.Max(current, 1);
        return new SysctlProposal(
            finding, target, [new SysctlWrite(Sysctl, $"{current}", $"{value}")],
            Objectives.ErrorRate("SYNs that found no room", subject, subject.SelectAtOwner(NamespaceMetrics.ListenDrops)),
            SynQueue.Of(finding.Measured).Refused ?? 0, 0, 0, About.TakesEffect);
    }
}
