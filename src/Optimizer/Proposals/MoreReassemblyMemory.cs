using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.ReassemblyMemory"/> to more room for fragments: net.ipv4.ipfrag_high_thresh of the pod.</summary>
/// <remarks>Four times what holds, 4 MiB to 64 MiB: what fragments need that were dropped cannot be seen; the next finding says whether it was enough.</remarks>
public sealed class MoreReassemblyMemory : IRemedy
{
    private const string Sysctl = "net.ipv4.ipfrag_high_thresh";

    public RemedyDescription About { get; } = new(Cause.ReassemblyMemory, ["net.ipv4.ipfrag_high_thresh"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        var (subject, own) = (finding.Subject, finding.Measured.Own);
        if (own.Sysctl(Sysctl) is not { } current || context.Of(subject) is not { } target)
        {
            return null;
        }

        var value = Math.Max(current, Math.Clamp(4 * current, 4L << 20, 64L << 20));
        return new SysctlProposal(
            finding, target, [new SysctlWrite(Sysctl, $"{current}", $"{value}")],
            Objectives.Share("fragments that were not put together", subject, subject.SelectAtOwner(NamespaceMetrics.ReassemblyFails), subject.SelectAtOwner(NamespaceMetrics.ReassemblySuccesses)),
            own.PerSecond(NamespaceMetrics.ReassemblyFails) ?? 0, 0, value - current, About.TakesEffect);
    }
}
