using System.Collections.Immutable;

namespace NetPulse.Telemetry.Samples;

/// <summary>TCP sockets by who owns them, not by peer. Labels: node, namespace, workload, pod.</summary>
public static class TcpSocketMetrics
{
    /// <summary>Label: state. Without time-wait, which is no socket any more (see sockstat).</summary>
    public static readonly MetricDefinition Sockets = new("netpulse_tcp_sockets", MetricKind.Gauge, "",
        "Connections by state at the reading.", "sock_common.skc_state");

    /// <summary>This and the following with the label server_port.</summary>
    public static readonly MetricDefinition ListenQueue = new("netpulse_tcp_listen_queue_length", MetricKind.Gauge, "",
        "Connections that wait for accept(), by listening port.", "sock.sk_ack_backlog");

    public static readonly MetricDefinition ListenQueueLimit = new("netpulse_tcp_listen_queue_limit", MetricKind.Gauge, "",
        "How many connections may wait for accept(), by listening port.", "sock.sk_max_ack_backlog");

    public static readonly MetricDefinition ListenDrops = new("netpulse_tcp_listen_queue_drops_total", MetricKind.Counter, "",
        "SYNs and handshakes that a listener dropped, for whatever reason, by listening port.", "sock.sk_drops");

    public static readonly MetricDefinition ListenOverflows = new("netpulse_tcp_listen_queue_overflows_total", MetricKind.Counter, "",
        "Of the drops, those that found the queue full, by listening port. The kernel keeps them by network namespace: where not all drops in it were overflows, each port has its share.", "sock.sk_drops, /proc/net/netstat TcpExt ListenOverflows, ListenDrops");

    public static readonly MetricDefinition Listens = new("netpulse_tcp_listens_total", MetricKind.Counter, "",
        "Listening sockets that were met for the first time, by listening port; those of the collector's first reading are not counted.", "iter/task_file, socket cookie");

    public static readonly ImmutableArray<MetricDefinition> All = [Sockets, ListenQueue, ListenQueueLimit, ListenDrops, ListenOverflows, Listens];
}
