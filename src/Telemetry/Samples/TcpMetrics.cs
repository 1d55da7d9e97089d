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

    public static readonly MetricDefinition SpuriousRetransmits = new("netpulse_tcp_spurious_retransmits_total", MetricKind.Counter, "",
        "Duplicates that the peer reported by DSACK: segments sent again without need.", "tcp_sock.dsack_dups");

    public static readonly MetricDefinition Reorderings = new("netpulse_tcp_reorderings_total", MetricKind.Counter, "",
        "Times the peer acknowledged segments in another order than they were sent in.", "tcp_sock.reord_seen");

    public static readonly MetricDefinition Resets = new("netpulse_tcp_resets_total", MetricKind.Counter, "",
        "Resets by direction; also those that answer for a port on which nobody listens.", "tp_btf/tcp_send_reset, tp_btf/tcp_receive_reset");

    public static readonly MetricDefinition ConnectFailures = new("netpulse_tcp_connect_failures_total", MetricKind.Counter, "",
        "Connections that this side began and that failed, by reason: refused, timed-out, unreachable, no-local-port (all in use for this destination), other (also given up by the application).", "tp_btf/inet_sock_set_state SYN_SENT to CLOSE, sock.sk_err, inet_sock.inet_sport");

    public static readonly MetricDefinition ConnectionsClosed = new("netpulse_tcp_connections_closed_total", MetricKind.Counter, "",
        "Connections whose socket the kernel has destroyed.", "tp_btf/tcp_destroy_sock");

    public static readonly MetricDefinition Rtt = new("netpulse_tcp_rtt_seconds", MetricKind.Histogram, "seconds",
        "Smoothed round-trip time, observed of each connection at each reading before which it was active, and at its end.", "tcp_sock.srtt_us / 8");

    public static readonly MetricDefinition MinimumRtt = new("netpulse_tcp_min_rtt_seconds", MetricKind.Histogram, "seconds",
        "Smallest recent round-trip time, observed as the smoothed one is.", "tcp_sock.rtt_min");

    public static readonly MetricDefinition ConnectDuration = new("netpulse_tcp_connect_duration_seconds", MetricKind.Histogram, "seconds",
        "Time from the first SYN to its answer, of connections that this side began.", "tp_btf/inet_sock_set_state SYN_SENT to ESTABLISHED: tcp_sock.srtt_us, and the timers of the SYNs that were sent again (total_retrans)");

    public static readonly MetricDefinition Connections = new("netpulse_tcp_connections", MetricKind.Gauge, "",
        "Connections open at the reading.", "iter/task_file and iter/tcp into iter/bpf_sk_storage_map");

    public static readonly MetricDefinition SmoothedRtt = new("netpulse_tcp_smoothed_rtt_seconds", MetricKind.Gauge, "seconds",
        "Smoothed round-trip time, mean over open connections that measured one.", "tcp_sock.srtt_us / 8");

    public static readonly MetricDefinition DeliveryRate = new("netpulse_tcp_delivery_rate_bytes_per_second", MetricKind.Gauge, "",
        "Rate at which the peer last acknowledged data, mean over open connections that measured one.", "tcp_sock.rate_delivered * mss_cache / rate_interval_us");

    public static readonly MetricDefinition ZeroWindow = new("netpulse_tcp_zero_window_connections", MetricKind.Gauge, "",
        "Open connections whose peer offers no window.", "tcp_sock.snd_wnd == 0");

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

    public static readonly MetricDefinition SendBuffer = new("netpulse_tcp_send_buffer_bytes", MetricKind.Gauge, "bytes",
        "Largest send buffer among open connections.", "sock.sk_sndbuf");

    public static readonly MetricDefinition SendBufferLocked = new("netpulse_tcp_send_buffer_locked", MetricKind.Gauge, "",
        "Open connections whose application set SO_SNDBUF, which turns the kernel's autotuning off.", "sock.sk_userlocks & SOCK_SNDBUF_LOCK");

    public static readonly MetricDefinition NotSent = new("netpulse_tcp_not_sent_bytes", MetricKind.Gauge, "bytes",
        "Bytes that the application has written and that wait to be sent for the first time, largest among open connections.", "tcp_sock.write_seq - snd_nxt");

    public static readonly MetricDefinition SlowStartThreshold = new("netpulse_tcp_slow_start_threshold_bytes", MetricKind.Gauge, "bytes",
        "Congestion window at which slow start ends, mean over open connections that have one: after a loss, or from what is remembered of the route.", "tcp_sock.snd_ssthresh * mss_cache");

    public static readonly MetricDefinition WithoutDelay = new("netpulse_tcp_no_delay_connections", MetricKind.Gauge, "",
        "Open connections whose application set TCP_NODELAY, as one does that waits for answers.", "tcp_sock.nonagle & TCP_NAGLE_OFF");

    public static readonly MetricDefinition SelfPaced = new("netpulse_tcp_self_paced_connections", MetricKind.Gauge, "",
        "Open connections whose congestion control decides on its own when to send, as bbr does.", "inet_connection_sock.icsk_ca_ops->cong_control");

    public static readonly MetricDefinition BackedOff = new("netpulse_tcp_backed_off_connections", MetricKind.Gauge, "",
        "Open connections whose retransmission timer ran out twice or more in a row.", "inet_connection_sock.icsk_backoff");

    public static readonly ImmutableArray<MetricDefinition> All =
    [
        IoBytes, Segments, Retransmits, RetransmittedBytes, SpuriousRetransmits, Reorderings, BusySeconds, ReceiveWindowLimitedSeconds,
        SendBufferLimitedSeconds, Resets, ConnectFailures, ConnectionsClosed, Rtt, MinimumRtt, ConnectDuration, Connections, SmoothedRtt,
        DeliveryRate, ZeroWindow, SendWindow, CongestionWindow, ReceiveBuffer, ReceiveQueue, ReceiveBufferLocked,
        SendBuffer, SendBufferLocked, NotSent, SlowStartThreshold, WithoutDelay, SelfPaced, BackedOff,
    ];
}
