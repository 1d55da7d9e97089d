using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.SoftnetBacklog"/> to a longer queue: net.core.netdev_max_backlog of the node.</summary>
/// <remarks>Four times what holds, at most 16,384: a longer queue adds as much waiting.</remarks>
public sealed class LongerProcessorQueue : IRemedy
{
    private const string Sysctl = "net.core.netdev_max_backlog";

    public RemedyDescription About { get; } = new(Cause.SoftnetBacklog, ["net.core.netdev_max_backlog"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        var (subject, own) = (finding.Subject, finding.Measured.Own);
        if (own.Sysctl(Sysctl) is not { } current || context.Of(subject) is not { } target)
        {
            return null;
        }

        var value = Math.Max(current, Math.Min(4 * current, 16_384));
        return new SysctlProposal(
            finding, target, [new SysctlWrite(Sysctl, $"{current}", $"{value}")],
            Objectives.ErrorRate("packets that found a processor's queue full", subject, MeasuredSeries.Of(SeriesSelector.Of(NodeMetrics.SoftnetDropped.Name, (LabelNames.Node, subject.Node))).Selector),
            own.PerSecond(NodeMetrics.SoftnetDropped) ?? 0, 0, (value - current) * 2304, About.TakesEffect);
    }
}
