using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.StaleRouteMetrics"/> to new connections that begin without what is remembered.</summary>
/// <remarks>net.ipv4.tcp_no_ssthresh_metrics_save also ignores what is remembered already (net/ipv4/tcp_metrics.c, tcp_init_metrics); tcp_no_metrics_save, where there is only that, stops remembering.</remarks>
public sealed class ForgottenRouteMetrics : IRemedy
{
    private const string Sysctl = "net.ipv4.tcp_no_ssthresh_metrics_save";

    public RemedyDescription About { get; } = new(Cause.StaleRouteMetrics, ["net.ipv4.tcp_no_ssthresh_metrics_save"], SysctlEffect.NewConnections);

    public SysctlProposal? Propose(Finding finding, RemedyContext context) =>
        finding.Measured.Connections is { } measured && finding.Measured.Own.Sysctl(Sysctl) is 0 && context.Of(measured.Edge.Owner) is { } target
            ? new SysctlProposal(
                finding, target, [new SysctlWrite(Sysctl, "0", "1")], Objective.Throughput(measured.Edge), measured.Throughput.Value, measured.BestThroughput.Value, 0, About.TakesEffect)
            : null;
}
