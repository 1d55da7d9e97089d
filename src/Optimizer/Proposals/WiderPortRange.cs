using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Proposals;

/// <summary>From <see cref="Cause.LocalPortsExhausted"/> to a range that holds a minute of connections: net.ipv4.ip_local_port_range of the pod.</summary>
/// <remarks>A port waits 60 seconds in TIME_WAIT. The kernel's own range where that is enough; else down from 65,535, not below 10,240, where servers seldom listen.</remarks>
public sealed class WiderPortRange : IRemedy
{
    private const double Headroom = 1.5;
    private const double TimeWaitSeconds = 60;

    /// <summary>The kernel's own range.</summary>
    private const long UsualLow = 32_768;
    private const long UsualHigh = 60_999;

    private const long LeastPort = 10_240;
    private const long MostPort = 65_535;

    /// <summary>A range that cannot grow by a tenth is no remedy.</summary>
    private const double MostlyUsed = 1.1;

    public RemedyDescription About { get; } = new(Cause.LocalPortsExhausted, ["net.ipv4.ip_local_port_range"], SysctlEffect.Live);

    public SysctlProposal? Propose(Finding finding, RemedyContext context)
    {
        var ports = LocalPorts.Of(finding.Measured.Own);
        if (ports is not { Low: { } low, High: { } high, Ports: { } has } || context.Of(finding.Subject) is not { } target)
        {
            return null;
        }

        var wanted = Headroom * (ports.PerSecond ?? 0) * TimeWaitSeconds;
        var (from, to) = wanted <= UsualHigh - UsualLow + 1 ? (Math.Min(low, UsualLow), Math.Max(high, UsualHigh)) : (Math.Min(low, Math.Max(LeastPort, (long)(MostPort - wanted))), MostPort);
        return to - from + 1 < MostlyUsed * has
            ? null
            : new SysctlProposal(
                finding, target, [new SysctlWrite("net.ipv4.ip_local_port_range", $"{low} {high}", $"{from} {to}")], Objective(finding.Subject),
                ports.Failures / (ports.Failures + ports.Opens) ?? 0, 0, 0, About.TakesEffect);
    }

    internal static Objective Objective(Subject subject)
    {
        // Each peer has a counter of its own; the pod's are added up.
        var failures = SeriesSelector.Of(
            TcpMetrics.ConnectFailures.Name, (LabelNames.Node, subject.Node), (LabelNames.Namespace, subject.Owner.Namespace), (LabelNames.Pod, subject.Owner.Pod), (LabelNames.Reason, "no-local-port"));
        return Objectives.Share("connects without a free local port", subject, failures, subject.SelectAtOwner(NamespaceMetrics.ActiveOpens));
    }
}
