using System.Collections.Immutable;

namespace NetPulse.Telemetry.Samples;

/// <summary>TCP by workload pair, read from the kernel's sockets. Labels: node, namespace, workload, pod, peer_namespace, peer_workload, peer_pod, server_port, role.</summary>
public static class TcpMetrics
{
    public static readonly MetricDefinition IoBytes = new("netpulse_tcp_io_bytes_total", MetricKind.Counter, "bytes",
        "Payload bytes by direction, each counted once however often it was sent.", "tcp_sock.bytes_sent - bytes_retrans; bytes_received");

    public static readonly MetricDefinition Segments = new("netpulse_tcp_segments_total", MetricKind.Counter, "",
        "Segments by direction, with and without payload.", "tcp_sock.segs_out, segs_in");

    public static readonly MetricDefinition Retransmits = new("netpulse_tcp_retransmits_total", MetricKind.Counter, "",
        "Segments sent again.", "tcp_sock.total_retrans");

    public static readonly MetricDefinition RetransmittedBytes = new("netpulse_tcp_retransmitted_bytes_total", MetricKind.Counter, "bytes",
        "Payload bytes sent again.", "tcp_sock.bytes_retrans");

    public static readonly MetricDefinition BusySeconds = new("netpulse_tcp_busy_seconds_total", MetricKind.Counter, "seconds",
        "Time with data to send or in flight, summed over connections.", "tcp_sock.chrono_stat, all kinds (net/ipv4/tcp.c, tcp_get_info_chrono_stats)");

    public static readonly MetricDefinition ReceiveWindowLimitedSeconds = new("netpulse_tcp_rwnd_limited_seconds_total", MetricKind.Counter, "seconds",
        "Time in which the peer's receive window stopped the sender.", "tcp_sock.chrono_stat[TCP_CHRONO_RWND_LIMITED - 1]");

    public static readonly MetricDefinition SendBufferLimitedSeconds = new("netpulse_tcp_sndbuf_limited_seconds_total", MetricKind.Counter, "seconds",
        "Time in which the own send buffer stopped the sender.", "tcp_sock.chrono_stat[TCP_CHRONO_SNDBUF_LIMITED - 1]");

    public static readonly MetricDefinition ConnectionsClosed = new("netpulse_tcp_connections_closed_total", MetricKind.Counter, "",
        "Connections whose socket the kernel has destroyed.", "tp_btf/tcp_destroy_sock");

    public static readonly MetricDefinition Connections = new("netpulse_tcp_connections", MetricKind.Gauge, "",
        "Connections open at the reading.", "iter/tcp");

    public static readonly MetricDefinition SmoothedRtt = new("netpulse_tcp_smoothed_rtt_seconds", MetricKind.Gauge, "seconds",
        "Smoothed round-trip time, mean over open connections that measured one.", "tcp_sock.srtt_us / 8");

    public static readonly MetricDefinition MinimumRtt = new("netpulse_tcp_min_rtt_seconds", MetricKind.Gauge, "seconds",
        "Smallest recent round-trip time over open connections.", "tcp_sock.rtt_min");

    public static readonly MetricDefinition SendWindow = new("netpulse_tcp_send_window_bytes", MetricKind.Gauge, "bytes",
        "Window that the peer offers, mean over open connections.", "tcp_sock.snd_wnd");

    public static readonly MetricDefinition CongestionWindow = new("netpulse_tcp_congestion_window_bytes", MetricKind.Gauge, "bytes",
        "Congestion window, mean over open connections.", "tcp_sock.snd_cwnd * mss_cache");

    public static readonly MetricDefinition ReceiveBuffer = new("netpulse_tcp_receive_buffer_bytes", MetricKind.Gauge, "bytes",
        "Largest receive buffer among open connections.", "sock.sk_rcvbuf");

    public static readonly MetricDefinition ReceiveQueue = new("netpulse_tcp_receive_queue_bytes", MetricKind.Gauge, "bytes",
        "Bytes received that the application has not read, largest among open connections.", "tcp_sock.rcv_nxt - copied_seq");

    public static readonly MetricDefinition ReceiveBufferLocked = new("netpulse_tcp_receive_buffer_locked", MetricKind.Gauge, "",
        "Open connections whose application set SO_RCVBUF, which turns the kernel's autotuning off.", "sock.sk_userlocks & SOCK_RCVBUF_LOCK");

    public static readonly ImmutableArray<MetricDefinition> All =
    [
        IoBytes, Segments, Retransmits, RetransmittedBytes, BusySeconds, ReceiveWindowLimitedSeconds, SendBufferLimitedSeconds, ConnectionsClosed,
        Connections, SmoothedRtt, MinimumRtt, SendWindow, CongestionWindow, ReceiveBuffer, ReceiveQueue, ReceiveBufferLocked,
    ];
}
