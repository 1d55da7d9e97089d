using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>The local ports of a network namespace and their use.</summary>
/// <param name="Low">First of the range.</param>
/// <param name="High">Last of the range.</param>
/// <param name="Failures">Connects that found none.</param>
/// <param name="Opens">Connects that found one.</param>
/// <param name="PerSecond">Both, per second.</param>
/// <param name="TimeWait">Sockets in TIME_WAIT, at most.</param>
/// <param name="Reuse">net.ipv4.tcp_tw_reuse.</param>
public sealed record LocalPorts(long? Low, long? High, double? Failures, double? Opens, double? PerSecond, double? TimeWait, long? Reuse)
{
    public double? Ports => High - Low + 1;

    public static LocalPorts Of(Readings own)
    {
        var reason = (LabelNames.Reason, "no-local-port");
        return new LocalPorts(
            own.Sysctl("net.ipv4.ip_local_port_range", "min"),
            own.Sysctl("net.ipv4.ip_local_port_range", "max"),
            own.Increase(TcpMetrics.ConnectFailures, reason),
            own.Increase(NamespaceMetrics.ActiveOpens),
            own.PerSecond(TcpMetrics.ConnectFailures, reason) + own.PerSecond(NamespaceMetrics.ActiveOpens),
            own.Most(NamespaceMetrics.TimeWaitSockets),
            own.Sysctl("net.ipv4.tcp_tw_reuse"));
    }
}
