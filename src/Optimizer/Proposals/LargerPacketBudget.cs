using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.SoftnetBudget"/> to more packets a round: net.core.netdev_budget of the node.</summary>
/// <remarks>Twice what holds, at most 1,200: tasks wait as much longer for the processor.</remarks>
public sealed class LargerPacketBudget : IRemedy
{
    private const string Sysctl = "net.core.netdev_budget";

    public RemedyDescription About { get; } = new(Cause.SoftnetBudget, ["net.core.netdev_budget"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        var (subject, own) = (finding.Subject, finding.Measured.Own);
        if (own.Sysctl(Sysctl) is not { } current || context.Of(subject) is not { } target)
        {
            return null;
        }

        var value = Math.Max(current, Math.Min(2 * current, 1200));
        return new SysctlProposal(
            finding, target, [new SysctlWrite(Sysctl, $"{current}", $"{value}")],
            Objectives.ErrorRate("packets that the driver lost", subject, SeriesSelector.Of(NodeMetrics.DriverCounter.Name, (LabelNames.Node, subject.Node))),
            own.PerSecond(NodeMetrics.DriverCounter) ?? 0, 0, 0, About.TakesEffect);
    }
}
