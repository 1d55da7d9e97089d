using System.Collections.Immutable;

namespace NetPulse.Telemetry.Samples;

/// <summary>What the kernel keeps for the node, and what it keeps by interface or by CPU. Labels: node, and those that each group of docs/metrics.md names.</summary>
public static class NodeMetrics
{
    public static readonly MetricDefinition SoftnetProcessed = new("netpulse_softnet_processed_total", MetricKind.Counter, "",
        "Packets that the CPU took from its devices and its backlog.", "/proc/net/softnet_stat, column 1");

    public static readonly MetricDefinition SoftnetDropped = new("netpulse_softnet_dropped_total", MetricKind.Counter, "",
        "Packets dropped because the CPU's backlog was full (net.core.netdev_max_backlog).", "/proc/net/softnet_stat, column 2");

    public static readonly MetricDefinition SoftnetTimeSqueeze = new("netpulse_softnet_time_squeeze_total", MetricKind.Counter, "",
        "Times the CPU stopped with work left (net.core.netdev_budget, netdev_budget_usecs).", "/proc/net/softnet_stat, column 3");

    public static readonly MetricDefinition SoftnetReceivedRps = new("netpulse_softnet_received_rps_total", MetricKind.Counter, "",
        "Times another CPU woke this one for packets that it steered here.", "/proc/net/softnet_stat, column 10");

    public static readonly MetricDefinition SoftnetFlowLimit = new("netpulse_softnet_flow_limit_total", MetricKind.Counter, "",
        "Packets dropped because one flow filled the CPU's backlog.", "/proc/net/softnet_stat, column 11");

    public static readonly MetricDefinition SoftnetBacklog = new("netpulse_softnet_backlog_packets", MetricKind.Gauge, "",
        "Packets that wait in the CPU's backlog.", "/proc/net/softnet_stat, column 12");

    public static readonly MetricDefinition QdiscDrops = new("netpulse_qdisc_drops_total", MetricKind.Counter, "",
        "Packets dropped by the interface's queueing discipline.", "rtnetlink RTM_GETQDISC TCA_STATS2 drops");

    public static readonly MetricDefinition QdiscOverlimits = new("netpulse_qdisc_overlimits_total", MetricKind.Counter, "",
        "Times the queueing discipline held packets back.", "rtnetlink RTM_GETQDISC TCA_STATS2 overlimits");

    public static readonly MetricDefinition QdiscRequeues = new("netpulse_qdisc_requeues_total", MetricKind.Counter, "",
        "Packets put back because the device was busy.", "rtnetlink RTM_GETQDISC TCA_STATS2 requeues");

    public static readonly MetricDefinition QdiscBacklogBytes = new("netpulse_qdisc_backlog_bytes", MetricKind.Gauge, "bytes",
        "Bytes that wait in the queueing discipline.", "rtnetlink RTM_GETQDISC TCA_STATS2 backlog");

    public static readonly MetricDefinition QdiscBacklogPackets = new("netpulse_qdisc_backlog_packets", MetricKind.Gauge, "",
        "Packets that wait in the queueing discipline.", "rtnetlink RTM_GETQDISC TCA_STATS2 qlen");

    public static readonly MetricDefinition ConntrackEntries = new("netpulse_conntrack_entries", MetricKind.Gauge, "",
        "Connections that netfilter tracks in the namespace.", "net.netfilter.nf_conntrack_count");

    public static readonly MetricDefinition ConntrackLimit = new("netpulse_conntrack_limit", MetricKind.Gauge, "",
        "Connections that netfilter may track; beyond it new ones are dropped.", "net.netfilter.nf_conntrack_max");

    public static readonly MetricDefinition ConntrackInsertFailed = new("netpulse_conntrack_insert_failed_total", MetricKind.Counter, "",
        "Packets dropped because their connection could not be entered, as when two take the same source port.", "/proc/net/stat/nf_conntrack insert_failed, else ctnetlink CTA_STATS_INSERT_FAILED");

    public static readonly MetricDefinition ConntrackDrops = new("netpulse_conntrack_drops_total", MetricKind.Counter, "",
        "Packets dropped because the table was full or memory short.", "/proc/net/stat/nf_conntrack drop, else ctnetlink CTA_STATS_DROP");

    public static readonly MetricDefinition ConntrackEarlyDrops = new("netpulse_conntrack_early_drops_total", MetricKind.Counter, "",
        "Connections thrown out early to make room in a full table.", "/proc/net/stat/nf_conntrack early_drop, else ctnetlink CTA_STATS_EARLY_DROP");

    public static readonly MetricDefinition ConntrackInvalid = new("netpulse_conntrack_invalid_total", MetricKind.Counter, "",
        "Packets that belong to no connection and begin none.", "/proc/net/stat/nf_conntrack invalid, else ctnetlink CTA_STATS_INVALID");

    public static readonly MetricDefinition ConntrackSearchRestarts = new("netpulse_conntrack_search_restarts_total", MetricKind.Counter, "",
        "Look-ups that began anew because the table was resized or a chain moved.", "/proc/net/stat/nf_conntrack search_restart, else ctnetlink CTA_STATS_SEARCH_RESTART");

    public static readonly MetricDefinition ConntrackClashes = new("netpulse_conntrack_clashes_total", MetricKind.Counter, "",
        "Packets that raced to enter the same connection and were reconciled.", "/proc/net/stat/nf_conntrack clashres, else ctnetlink CTA_STATS_CLASH_RESOLVE");

    public static readonly MetricDefinition NeighbourEntries = new("netpulse_neighbour_entries", MetricKind.Gauge, "",
        "Entries of the neighbour table of all namespaces, by family.", "/proc/net/stat/arp_cache, ndisc_cache entries");

    public static readonly MetricDefinition NeighbourLimit = new("netpulse_neighbour_limit", MetricKind.Gauge, "",
        "Its thresholds, by family and level (gc_thresh1, 2 and 3).", "net.ipv4.neigh.default.gc_thresh*, net.ipv6.neigh.default.gc_thresh*");

    public static readonly MetricDefinition NeighbourTableFull = new("netpulse_neighbour_table_full_total", MetricKind.Counter, "",
        "Neighbours that found the table full.", "/proc/net/stat/arp_cache, ndisc_cache table_fulls");

    public static readonly MetricDefinition NeighbourForcedCollections = new("netpulse_neighbour_forced_gc_total", MetricKind.Counter, "",
        "Times the table was cleared because it was nearly full.", "/proc/net/stat/arp_cache, ndisc_cache forced_gc_runs");

    public static readonly MetricDefinition NeighbourResolutionsFailed = new("netpulse_neighbour_resolutions_failed_total", MetricKind.Counter, "",
        "Neighbours whose link-layer address nobody told.", "/proc/net/stat/arp_cache, ndisc_cache res_failed");

    public static readonly MetricDefinition NeighbourUnresolvedDrops = new("netpulse_neighbour_unresolved_drops_total", MetricKind.Counter, "",
        "Packets dropped while their neighbour's address was asked for.", "/proc/net/stat/arp_cache, ndisc_cache unresolved_discards");

    public static readonly MetricDefinition SocketMemoryBytes = new("netpulse_socket_memory_bytes", MetricKind.Gauge, "bytes",
        "Memory of all sockets' buffers, by protocol.", "/proc/net/sockstat mem, in pages");

    public static readonly MetricDefinition SocketMemoryLimitBytes = new("netpulse_socket_memory_limit_bytes", MetricKind.Gauge, "bytes",
        "Its thresholds by protocol and level: at pressure buffers stop to grow, at max packets are dropped.", "net.ipv4.tcp_mem, net.ipv4.udp_mem, in pages");

    public static readonly MetricDefinition MemoryBytes = new("netpulse_node_memory_bytes", MetricKind.Gauge, "bytes",
        "Memory of the node.", "/proc/meminfo MemTotal");

    public static readonly MetricDefinition AvailableMemoryBytes = new("netpulse_node_memory_available_bytes", MetricKind.Gauge, "bytes",
        "Memory that processes can have without swapping.", "/proc/meminfo MemAvailable");

    public static readonly MetricDefinition OrphanSockets = new("netpulse_tcp_orphan_sockets", MetricKind.Gauge, "",
        "TCP connections that no process holds any more.", "/proc/net/sockstat TCP orphan");

    public static readonly MetricDefinition AllocatedSockets = new("netpulse_tcp_allocated_sockets", MetricKind.Gauge, "",
        "TCP sockets of all namespaces, in every state.", "/proc/net/sockstat TCP alloc");

    public static readonly MetricDefinition InterfaceMtu = new("netpulse_interface_mtu_bytes", MetricKind.Gauge, "bytes",
        "Largest packet that the interface takes.", "rtnetlink RTM_GETLINK IFLA_MTU");

    public static readonly MetricDefinition MtuExcess = new("netpulse_mtu_excess_bytes", MetricKind.Gauge, "bytes",
        "By how much an MTU is too large for what comes after it: the peer end of a veth pair (reason veth), the node's uplink (uplink), the underlay of a tunnel (tunnel), the route's own interface (route). No series where all fit.", "rtnetlink RTM_GETLINK, RTM_GETROUTE");

    public static readonly MetricDefinition DriverCounter = new("netpulse_nic_driver_events_total", MetricKind.Counter, "",
        "What the network card's driver counts of trouble, under its own name in the label counter, summed over queues.", "ethtool ETHTOOL_GSTATS");

    public static readonly ImmutableArray<MetricDefinition> All =
    [
        SoftnetProcessed, SoftnetDropped, SoftnetTimeSqueeze, SoftnetReceivedRps, SoftnetFlowLimit, SoftnetBacklog, QdiscDrops,
        QdiscOverlimits, QdiscRequeues, QdiscBacklogBytes, QdiscBacklogPackets, ConntrackEntries, ConntrackLimit, ConntrackInsertFailed,
        ConntrackDrops, ConntrackEarlyDrops, ConntrackInvalid, ConntrackSearchRestarts, ConntrackClashes, NeighbourEntries, NeighbourLimit,
        NeighbourTableFull, NeighbourForcedCollections, NeighbourResolutionsFailed, NeighbourUnresolvedDrops, SocketMemoryBytes,
        SocketMemoryLimitBytes, MemoryBytes, AvailableMemoryBytes, OrphanSockets, AllocatedSockets, InterfaceMtu, MtuExcess, DriverCounter,
    ];
}
