using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.Bufferbloat"/> to bbr at the bulk sender, which keeps no queue.</summary>
/// <remarks>As <see cref="PacedCongestionControl"/>; judged by the round-trip time, while the throughput may not fall by a fifth. Neighbours under cubic on a shallow queue would suffer: a queue that doubles the round trip is none.</remarks>
public sealed class PacedBulkSender : IRemedy
{
    public RemedyDescription About { get; } = new(Cause.Bufferbloat, ["net.ipv4.tcp_congestion_control"], SysctlEffect.NewConnections);

    public SysctlProposal? Propose(Finding finding, RemedyContext context) =>
        finding.Measured.Connections is { } measured && PacedCongestionControl.Change(finding, measured, context) is { } change
            ? new SysctlProposal(
                finding, change.Target, [change.Write], Objectives.RoundTripTime(measured.Edge),
                measured.RoundTripTime?.TotalSeconds ?? 0, 1.25 * (measured.ObservedPathRoundTripTime ?? TimeSpan.Zero).TotalSeconds, 0, About.TakesEffect)
            : null;
}
