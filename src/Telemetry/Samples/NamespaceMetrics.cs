using System.Collections.Immutable;

namespace NetPulse.Telemetry.Samples;

/// <summary>What holds for a whole network namespace. Labels: node and, where it is a pod's, namespace, workload, pod; otherwise workload alone.</summary>
public static class NamespaceMetrics
{
    public static readonly MetricDefinition InterfaceBytes = new("netpulse_interface_io_bytes_total", MetricKind.Counter, "bytes",
        "Bytes by interface and direction.", "/proc/net/dev");

    public static readonly MetricDefinition InterfacePackets = new("netpulse_interface_packets_total", MetricKind.Counter, "",
        "Packets by interface and direction.", "/proc/net/dev");

    public static readonly MetricDefinition InterfaceErrors = new("netpulse_interface_errors_total", MetricKind.Counter, "",
        "Packets in error by interface and direction.", "/proc/net/dev");

    public static readonly MetricDefinition InterfaceDropped = new("netpulse_interface_dropped_total", MetricKind.Counter, "",
        "Packets dropped by interface and direction.", "/proc/net/dev");

    /// <summary>The value in force in this namespace; a pod's differs from the node's.</summary>
    public static readonly MetricDefinition Sysctl = new("netpulse_sysctl_value", MetricKind.Gauge, "",
        "A sysctl's value in force in the namespace, in the sysctl's own unit.", "/proc/sys/net");

    public static readonly MetricDefinition ZeroWindowAdvertised = new("netpulse_tcp_zero_window_advertised_total", MetricKind.Counter, "",
        "Times a receiver told its peer to stop: its application reads too slowly.", "/proc/net/netstat TcpExt TCPToZeroWindowAdv");

    public static readonly MetricDefinition ZeroWindowWanted = new("netpulse_tcp_zero_window_wanted_total", MetricKind.Counter, "",
        "Times a receiver would have offered no window, had it not been forbidden to shrink it.", "/proc/net/netstat TcpExt TCPWantZeroWindowAdv");

    public static readonly ImmutableArray<MetricDefinition> All =
    [
        InterfaceBytes, InterfacePackets, InterfaceErrors, InterfaceDropped, Sysctl, ZeroWindowAdvertised, ZeroWindowWanted,
    ];
}
