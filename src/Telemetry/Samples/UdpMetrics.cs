using System.Collections.Immutable;

namespace NetPulse.Telemetry.Samples;

/// <summary>UDP by workload pair. Labels: node, namespace, workload, pod, peer_namespace, peer_workload, peer_pod, server_port, role; drops by owner, server_port and reason.</summary>
public static class UdpMetrics
{
    public static readonly MetricDefinition IoBytes = new("netpulse_udp_io_bytes_total", MetricKind.Counter, "bytes",
        "Payload bytes by direction: sent to IP, received by the application.", "ip_send_skb, ip6_send_skb, __skb_recv_udp; else tp_btf/sock_send_length, sock_recv_length");

    public static readonly MetricDefinition Datagrams = new("netpulse_udp_datagrams_total", MetricKind.Counter, "",
        "Datagrams by direction: sent to IP, received by the application.", "ip_send_skb, ip6_send_skb, __skb_recv_udp; else tp_btf/sock_send_length, sock_recv_length");

    public static readonly MetricDefinition SocketDrops = new("netpulse_udp_socket_drops_total", MetricKind.Counter, "",
        "Datagrams that arrived for a socket and were dropped, by reason: receive_buffer (the socket's own is full) or memory (net.ipv4.udp_mem is used up).", "tp_btf/udp_fail_queue_rcv_skb");

    public static readonly MetricDefinition DroppingBufferBytes = new("netpulse_udp_dropping_buffer_bytes", MetricKind.Gauge, "bytes",
        "Receive buffer of the socket that dropped last.", "tp_btf/udp_fail_queue_rcv_skb, sock.sk_rcvbuf");

    public static readonly MetricDefinition DroppingBufferLocked = new("netpulse_udp_dropping_buffer_locked", MetricKind.Gauge, "",
        "1 where the application of the socket that dropped last had set SO_RCVBUF.", "tp_btf/udp_fail_queue_rcv_skb, sock.sk_userlocks & SOCK_RCVBUF_LOCK");

    public static readonly MetricDefinition DroppingQueueBytes = new("netpulse_udp_dropping_queue_bytes", MetricKind.Gauge, "bytes",
        "What waited to be read at the reading, of the fullest socket on a port that has dropped since the reading before: one that only bursts overwhelm is mostly empty.", "/proc/net/udp, /proc/net/udp6 rx_queue");

    public static readonly ImmutableArray<MetricDefinition> All = [IoBytes, Datagrams, SocketDrops, DroppingBufferBytes, DroppingBufferLocked, DroppingQueueBytes];
}
