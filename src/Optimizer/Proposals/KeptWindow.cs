using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.IdleRestart"/> to keeping the congestion window over a pause.</summary>
/// <remarks>Judged by how fast a burst is through.</remarks>
public sealed class KeptWindow : IRemedy
{
    private const string Sysctl = "net.ipv4.tcp_slow_start_after_idle";

    public RemedyDescription About { get; } = new(Cause.IdleRestart, ["net.ipv4.tcp_slow_start_after_idle"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context) =>
        finding.Measured.Connections is { } measured && finding.Measured.Own.Sysctl(Sysctl) is { } current && context.Of(measured.Edge.Owner) is { } target
            ? new SysctlProposal(
                finding, target, [new SysctlWrite(Sysctl, $"{current}", "0")], Objectives.RateWhileBusy(measured.Edge),
                measured.Throughput.Value / Math.Max(measured.BusyShare ?? 1, 0.01), 2 * measured.Throughput.Value / Math.Max(measured.BusyShare ?? 1, 0.01), 0, About.TakesEffect)
            : null;
}
