using System.Collections.Immutable;

namespace NetPulse.Telemetry.Samples;

/// <summary>Single TCP connections: the busiest since the reading before, where <c>sampling.tcpFlows</c> asks for them. Labels: those of the workload pair, address, port, peer_address, peer_port.</summary>
public static class TcpFlowMetrics
{
    public static readonly MetricDefinition IoBytes = new("netpulse_tcp_flow_io_bytes_total", MetricKind.Counter, "bytes",
        "Payload bytes of one connection by direction, since it began.", "tcp_sock.bytes_sent - bytes_retrans; bytes_received");

    public static readonly MetricDefinition RetransmittedBytes = new("netpulse_tcp_flow_retransmitted_bytes_total", MetricKind.Counter, "bytes",
        "Payload bytes of one connection sent again, since it began.", "tcp_sock.bytes_retrans");

    public static readonly MetricDefinition SmoothedRtt = new("netpulse_tcp_flow_smoothed_rtt_seconds", MetricKind.Gauge, "seconds",
        "Smoothed round-trip time of one connection.", "tcp_sock.srtt_us / 8");

    public static readonly ImmutableArray<MetricDefinition> All = [IoBytes, RetransmittedBytes, SmoothedRtt];
}
