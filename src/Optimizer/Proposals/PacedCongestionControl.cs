using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.NonCongestionLoss"/> to bbr, which does not take every loss for congestion.</summary>
/// <remarks>Only where the node has bbr and allows it to pods; where the pod has it already, its applications choose for themselves. New connections only.</remarks>
public sealed class PacedCongestionControl : IRemedy
{
    private const string Sysctl = "net.ipv4.tcp_congestion_control";

    public RemedyDescription About { get; } = new(Cause.NonCongestionLoss, ["net.ipv4.tcp_congestion_control"], SysctlEffect.NewConnections);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        if (finding.Measured.Connections is not { } measured || Change(finding, measured, context) is not { } change)
        {
            return null;
        }

        return new SysctlProposal(
            finding, change.Target, [change.Write], Objectives.ThroughputUnderLoss(measured.Edge),
            measured.Throughput.Value, Math.Max(measured.BestThroughput.Value, measured.Throughput.Value), 0, About.TakesEffect)
        {
            Controls = [.. context.ControlsOf(measured.Edge, changesPeer: false, measured.Throughput.Value).Select(Objectives.ThroughputUnderLoss)],
        };
    }

    /// <returns><see langword="null"/> where bbr holds already, or is not to be had.</returns>
    internal static (Target Target, SysctlWrite Write)? Change(Finding finding, ConnectionEvidence measured, RemedyContext context)
    {
        const string Wanted = "bbr";
        var node = finding.Measured.Node;
        return context.Of(measured.Edge.Owner) is { } target && finding.Measured.Own.SysctlText(Sysctl) is { Length: > 0 } current && current != Wanted
            && IsListed(node.SysctlText("net.ipv4.tcp_available_congestion_control"), Wanted) && IsListed(node.SysctlText("net.ipv4.tcp_allowed_congestion_control"), Wanted)
            ? (target, new SysctlWrite(Sysctl, current, Wanted))
            : null;
    }

    private static bool IsListed(string? list, string name) => list?.Split(' ').Contains(name) == true;
}
