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

    public static readonly MetricDefinition InSegments = new("netpulse_tcp_in_segments_total", MetricKind.Counter, "",
        "TCP segments received, with those in error.", "/proc/net/snmp Tcp InSegs");

    public static readonly MetricDefinition OutSegments = new("netpulse_tcp_out_segments_total", MetricKind.Counter, "",
        "TCP segments sent, without those sent again.", "/proc/net/snmp Tcp OutSegs");

    public static readonly MetricDefinition RetransmittedSegments = new("netpulse_tcp_retransmitted_segments_total", MetricKind.Counter, "",
        "TCP segments sent again.", "/proc/net/snmp Tcp RetransSegs");

    public static readonly MetricDefinition ActiveOpens = new("netpulse_tcp_active_opens_total", MetricKind.Counter, "",
        "Connections that this side began.", "/proc/net/snmp Tcp ActiveOpens");

    public static readonly MetricDefinition PassiveOpens = new("netpulse_tcp_passive_opens_total", MetricKind.Counter, "",
        "Connections that listeners accepted.", "/proc/net/snmp Tcp PassiveOpens");

    public static readonly MetricDefinition AttemptFails = new("netpulse_tcp_attempt_fails_total", MetricKind.Counter, "",
        "Connections that failed before they were established.", "/proc/net/snmp Tcp AttemptFails");

    public static readonly MetricDefinition EstablishedResets = new("netpulse_tcp_established_resets_total", MetricKind.Counter, "",
        "Established connections that were reset.", "/proc/net/snmp Tcp EstabResets");

    public static readonly MetricDefinition OutResets = new("netpulse_tcp_out_resets_total", MetricKind.Counter, "",
        "Resets sent.", "/proc/net/snmp Tcp OutRsts");

    public static readonly MetricDefinition InErrors = new("netpulse_tcp_in_errors_total", MetricKind.Counter, "",
        "TCP segments received in error.", "/proc/net/snmp Tcp InErrs");

    public static readonly MetricDefinition ListenOverflows = new("netpulse_listen_overflows_total", MetricKind.Counter, "",
        "Connections that found a listener's accept queue full.", "/proc/net/netstat TcpExt ListenOverflows");

    public static readonly MetricDefinition ListenDrops = new("netpulse_listen_drops_total", MetricKind.Counter, "",
        "Connections that a listener dropped, for whatever reason.", "/proc/net/netstat TcpExt ListenDrops");

    public static readonly MetricDefinition SynCookiesSent = new("netpulse_tcp_syn_cookies_sent_total", MetricKind.Counter, "",
        "Answers sent with a SYN cookie, because the SYN queue was full.", "/proc/net/netstat TcpExt SyncookiesSent");

    public static readonly MetricDefinition RequestQueueDrops = new("netpulse_tcp_request_queue_full_drops_total", MetricKind.Counter, "",
        "SYNs dropped because the SYN queue was full and cookies are off.", "/proc/net/netstat TcpExt TCPReqQFullDrop");

    public static readonly MetricDefinition Timeouts = new("netpulse_tcp_timeouts_total", MetricKind.Counter, "",
        "Retransmission timers that ran out.", "/proc/net/netstat TcpExt TCPTimeouts");

    public static readonly MetricDefinition FastRetransmits = new("netpulse_tcp_fast_retransmits_total", MetricKind.Counter, "",
        "Segments sent again before a timer ran out.", "/proc/net/netstat TcpExt TCPFastRetrans");

    public static readonly MetricDefinition SynRetransmits = new("netpulse_tcp_syn_retransmits_total", MetricKind.Counter, "",
        "SYNs and SYN-ACKs sent again.", "/proc/net/netstat TcpExt TCPSynRetrans");

    public static readonly MetricDefinition SpuriousRetransmits = new("netpulse_tcp_dsack_received_total", MetricKind.Counter, "",
        "Duplicates that the peer reported: segments sent again without need.", "/proc/net/netstat TcpExt TCPDSACKRecv");

    public static readonly MetricDefinition ReceivePruned = new("netpulse_tcp_receive_pruned_total", MetricKind.Counter, "",
        "Times the receive queue was pruned for lack of buffer.", "/proc/net/netstat TcpExt PruneCalled");

    public static readonly MetricDefinition ReceiveCollapsed = new("netpulse_tcp_receive_collapsed_total", MetricKind.Counter, "",
        "Segments merged in the receive queue for lack of buffer.", "/proc/net/netstat TcpExt TCPRcvCollapsed");

    public static readonly MetricDefinition ReceiveQueueDrops = new("netpulse_tcp_receive_queue_drops_total", MetricKind.Counter, "",
        "Segments dropped because the receive buffer was full.", "/proc/net/netstat TcpExt TCPRcvQDrop");

    public static readonly MetricDefinition BacklogDrops = new("netpulse_tcp_backlog_drops_total", MetricKind.Counter, "",
        "Segments dropped because the socket's backlog was full.", "/proc/net/netstat TcpExt TCPBacklogDrop");

    public static readonly MetricDefinition MemoryPressures = new("netpulse_tcp_memory_pressures_total", MetricKind.Counter, "",
        "Times TCP came under memory pressure.", "/proc/net/netstat TcpExt TCPMemoryPressures");

    public static readonly MetricDefinition AbortOnTimeout = new("netpulse_tcp_abort_on_timeout_total", MetricKind.Counter, "",
        "Connections given up after too many timers ran out.", "/proc/net/netstat TcpExt TCPAbortOnTimeout");

    public static readonly MetricDefinition AbortOnMemory = new("netpulse_tcp_abort_on_memory_total", MetricKind.Counter, "",
        "Connections given up for lack of memory.", "/proc/net/netstat TcpExt TCPAbortOnMemory");

    public static readonly MetricDefinition SlowStartRetransmits = new("netpulse_tcp_slow_start_retransmits_total", MetricKind.Counter, "",
        "Segments sent again in slow start after a timer ran out.", "/proc/net/netstat TcpExt TCPSlowStartRetrans");

    public static readonly MetricDefinition MtuProbeSuccesses = new("netpulse_tcp_mtu_probe_successes_total", MetricKind.Counter, "",
        "Probes for a larger MTU that succeeded.", "/proc/net/netstat TcpExt TCPMTUPSuccess");

    public static readonly MetricDefinition MtuProbeFailures = new("netpulse_tcp_mtu_probe_failures_total", MetricKind.Counter, "",
        "Probes for a larger MTU that failed.", "/proc/net/netstat TcpExt TCPMTUPFail");

    public static readonly MetricDefinition TimeWaitOverflows = new("netpulse_tcp_time_wait_overflows_total", MetricKind.Counter, "",
        "Sockets in TIME_WAIT dropped because there were too many.", "/proc/net/netstat TcpExt TCPTimeWaitOverflow");

    public static readonly MetricDefinition UdpInDatagrams = new("netpulse_udp_in_datagrams_total", MetricKind.Counter, "",
        "UDP datagrams delivered.", "/proc/net/snmp Udp InDatagrams");

    public static readonly MetricDefinition UdpOutDatagrams = new("netpulse_udp_out_datagrams_total", MetricKind.Counter, "",
        "UDP datagrams sent.", "/proc/net/snmp Udp OutDatagrams");

    public static readonly MetricDefinition UdpNoPorts = new("netpulse_udp_no_ports_total", MetricKind.Counter, "",
        "UDP datagrams received for a port that nobody has.", "/proc/net/snmp Udp NoPorts");

    public static readonly MetricDefinition UdpReceiveBufferErrors = new("netpulse_udp_receive_buffer_errors_total", MetricKind.Counter, "",
        "UDP datagrams dropped because the receive buffer was full.", "/proc/net/snmp Udp RcvbufErrors");

    public static readonly MetricDefinition UdpSendBufferErrors = new("netpulse_udp_send_buffer_errors_total", MetricKind.Counter, "",
        "UDP datagrams dropped because the send buffer was full.", "/proc/net/snmp Udp SndbufErrors");

    public static readonly MetricDefinition UdpInErrors = new("netpulse_udp_in_errors_total", MetricKind.Counter, "",
        "UDP datagrams received but not delivered.", "/proc/net/snmp Udp InErrors");

    public static readonly MetricDefinition ReassemblyFails = new("netpulse_ip_reassembly_fails_total", MetricKind.Counter, "",
        "IP packets whose fragments could not be put together.", "/proc/net/snmp Ip ReasmFails");

    public static readonly MetricDefinition FragmentationFails = new("netpulse_ip_fragmentation_fails_total", MetricKind.Counter, "",
        "IP packets too large for the path that may not be fragmented.", "/proc/net/snmp Ip FragFails");

    public static readonly MetricDefinition IpNoRoutes = new("netpulse_ip_out_no_routes_total", MetricKind.Counter, "",
        "IP packets dropped for lack of a route.", "/proc/net/snmp Ip OutNoRoutes");

    public static readonly MetricDefinition IpInDiscards = new("netpulse_ip_in_discards_total", MetricKind.Counter, "",
        "IP packets received and dropped for lack of resources.", "/proc/net/snmp Ip InDiscards");

    public static readonly MetricDefinition TcpInChecksumErrors = new("netpulse_tcp_in_checksum_errors_total", MetricKind.Counter, "",
        "TCP segments received with a wrong checksum.", "/proc/net/snmp Tcp InCsumErrors");

    public static readonly MetricDefinition LostRetransmits = new("netpulse_tcp_lost_retransmits_total", MetricKind.Counter, "",
        "Segments that were sent again and lost again.", "/proc/net/netstat TcpExt TCPLostRetransmit");

    public static readonly MetricDefinition LossProbes = new("netpulse_tcp_loss_probes_total", MetricKind.Counter, "",
        "Tail loss probes sent.", "/proc/net/netstat TcpExt TCPLossProbes");

    public static readonly MetricDefinition SackReorders = new("netpulse_tcp_sack_reorders_total", MetricKind.Counter, "",
        "Times SACK showed that the path had reordered segments.", "/proc/net/netstat TcpExt TCPSACKReorder");

    public static readonly MetricDefinition OutOfOrderSegments = new("netpulse_tcp_out_of_order_segments_total", MetricKind.Counter, "",
        "Segments that were queued because an earlier one was missing.", "/proc/net/netstat TcpExt TCPOFOQueue");

    public static readonly MetricDefinition OutOfOrderDrops = new("netpulse_tcp_out_of_order_drops_total", MetricKind.Counter, "",
        "Segments out of order that found no room.", "/proc/net/netstat TcpExt TCPOFODrop");

    public static readonly MetricDefinition SendQueueTooBig = new("netpulse_tcp_send_queue_too_big_total", MetricKind.Counter, "",
        "Times a segment could not be split because the send queue was full.", "/proc/net/netstat TcpExt TCPWqueueTooBig");

    public static readonly MetricDefinition SynCookiesFailed = new("netpulse_tcp_syn_cookies_failed_total", MetricKind.Counter, "",
        "Acknowledgements that carried no valid SYN cookie.", "/proc/net/netstat TcpExt SyncookiesFailed");

    public static readonly MetricDefinition RequestQueueCookies = new("netpulse_tcp_request_queue_cookies_total", MetricKind.Counter, "",
        "Connection requests that were answered with a SYN cookie because the SYN queue was full.", "/proc/net/netstat TcpExt TCPReqQFullDoCookies");

    public static readonly MetricDefinition MemoryPressureSeconds = new("netpulse_tcp_memory_pressure_seconds_total", MetricKind.Counter, "seconds",
        "Time in which TCP was under memory pressure.", "/proc/net/netstat TcpExt TCPMemoryPressuresChrono");

    public static readonly MetricDefinition ReversePathDrops = new("netpulse_ip_reverse_path_drops_total", MetricKind.Counter, "",
        "IPv4 packets dropped because their source would be reached by another interface (rp_filter).", "/proc/net/netstat TcpExt IPReversePathFilter");

    public static readonly MetricDefinition UdpInChecksumErrors = new("netpulse_udp_in_checksum_errors_total", MetricKind.Counter, "",
        "UDP datagrams received with a wrong checksum.", "/proc/net/snmp Udp InCsumErrors");

    public static readonly MetricDefinition UdpMemoryErrors = new("netpulse_udp_memory_errors_total", MetricKind.Counter, "",
        "UDP datagrams dropped because UDP was at its memory limit.", "/proc/net/snmp Udp MemErrors");

    public static readonly MetricDefinition ReassemblyRequests = new("netpulse_ip_reassembly_fragments_total", MetricKind.Counter, "",
        "IPv4 fragments received for reassembly.", "/proc/net/snmp Ip ReasmReqds");

    public static readonly MetricDefinition ReassemblySuccesses = new("netpulse_ip_reassembled_total", MetricKind.Counter, "",
        "IPv4 packets put together from fragments.", "/proc/net/snmp Ip ReasmOKs");

    public static readonly MetricDefinition ReassemblyTimeouts = new("netpulse_ip_reassembly_timeouts_total", MetricKind.Counter, "",
        "IPv4 reassemblies given up because a fragment did not come in time.", "/proc/net/snmp Ip ReasmTimeout");

    public static readonly MetricDefinition FragmentsCreated = new("netpulse_ip_fragments_created_total", MetricKind.Counter, "",
        "IPv4 fragments made because a packet was larger than the path.", "/proc/net/snmp Ip FragCreates");

    public static readonly MetricDefinition IpForwarded = new("netpulse_ip_forwarded_total", MetricKind.Counter, "",
        "IPv4 packets forwarded.", "/proc/net/snmp Ip ForwDatagrams");

    public static readonly MetricDefinition IcmpInUnreachable = new("netpulse_icmp_in_unreachable_total", MetricKind.Counter, "",
        "ICMP destination-unreachable messages received, among them those that say that a packet was too large.", "/proc/net/snmp Icmp InDestUnreachs");

    public static readonly MetricDefinition IcmpRateLimited = new("netpulse_icmp_rate_limited_total", MetricKind.Counter, "",
        "ICMP messages not sent because of the limit by destination (net.ipv4.icmp_ratelimit).", "/proc/net/snmp Icmp OutRateLimitHost");

    public static readonly MetricDefinition IcmpRateLimitedTogether = new("netpulse_icmp_rate_limited_together_total", MetricKind.Counter, "",
        "ICMP messages not sent because of the limit of all together (net.ipv4.icmp_msgs_per_sec).", "/proc/net/snmp Icmp OutRateLimitGlobal");

    public static readonly MetricDefinition Ipv6ReassemblyFails = new("netpulse_ip6_reassembly_fails_total", MetricKind.Counter, "",
        "IPv6 packets whose fragments could not be put together.", "/proc/net/snmp6 Ip6ReasmFails");

    public static readonly MetricDefinition Ipv6ReassemblyTimeouts = new("netpulse_ip6_reassembly_timeouts_total", MetricKind.Counter, "",
        "IPv6 reassemblies given up because a fragment did not come in time.", "/proc/net/snmp6 Ip6ReasmTimeout");

    public static readonly MetricDefinition Ipv6FragmentationFails = new("netpulse_ip6_fragmentation_fails_total", MetricKind.Counter, "",
        "IPv6 packets too large for the path.", "/proc/net/snmp6 Ip6FragFails");

    public static readonly MetricDefinition Ipv6NoRoutes = new("netpulse_ip6_out_no_routes_total", MetricKind.Counter, "",
        "IPv6 packets dropped for lack of a route.", "/proc/net/snmp6 Ip6OutNoRoutes");

    public static readonly MetricDefinition Ipv6InDiscards = new("netpulse_ip6_in_discards_total", MetricKind.Counter, "",
        "IPv6 packets received and dropped for lack of resources.", "/proc/net/snmp6 Ip6InDiscards");

    public static readonly MetricDefinition Icmpv6TooBig = new("netpulse_icmp6_in_packet_too_big_total", MetricKind.Counter, "",
        "ICMPv6 messages received that say that a packet was too large for the path.", "/proc/net/snmp6 Icmp6InPktTooBigs");

    public static readonly MetricDefinition Udp6InDatagrams = new("netpulse_udp6_in_datagrams_total", MetricKind.Counter, "",
        "UDP datagrams delivered over IPv6.", "/proc/net/snmp6 Udp6InDatagrams");

    public static readonly MetricDefinition Udp6OutDatagrams = new("netpulse_udp6_out_datagrams_total", MetricKind.Counter, "",
        "UDP datagrams sent over IPv6.", "/proc/net/snmp6 Udp6OutDatagrams");

    public static readonly MetricDefinition Udp6ReceiveBufferErrors = new("netpulse_udp6_receive_buffer_errors_total", MetricKind.Counter, "",
        "UDP datagrams over IPv6 dropped because the receive buffer was full.", "/proc/net/snmp6 Udp6RcvbufErrors");

    public static readonly MetricDefinition Udp6SendBufferErrors = new("netpulse_udp6_send_buffer_errors_total", MetricKind.Counter, "",
        "UDP datagrams over IPv6 dropped because the send buffer was full.", "/proc/net/snmp6 Udp6SndbufErrors");

    public static readonly MetricDefinition Sockets = new("netpulse_sockets", MetricKind.Gauge, "",
        "Sockets in use by protocol (tcp, udp, udplite, raw, and tcp6, …).", "/proc/net/sockstat, /proc/net/sockstat6 inuse");

    public static readonly MetricDefinition TimeWaitSockets = new("netpulse_tcp_time_wait_sockets", MetricKind.Gauge, "",
        "TCP connections in TIME_WAIT.", "/proc/net/sockstat TCP tw");

    public static readonly MetricDefinition ReassemblyQueues = new("netpulse_ip_reassembly_queues", MetricKind.Gauge, "",
        "IP packets of which fragments are waited for, by family.", "/proc/net/sockstat, /proc/net/sockstat6 FRAG inuse");

    public static readonly MetricDefinition ReassemblyMemoryBytes = new("netpulse_ip_reassembly_memory_bytes", MetricKind.Gauge, "bytes",
        "Memory of fragments that wait, by family; at net.ipv4.ipfrag_high_thresh new ones are dropped.", "/proc/net/sockstat, /proc/net/sockstat6 FRAG memory");

    public static readonly MetricDefinition SysctlInfo = new("netpulse_sysctl_info", MetricKind.Gauge, "",
        "1: the value in force of a sysctl that is no number, in the label value.", "/proc/sys/net");

    public static readonly ImmutableArray<MetricDefinition> All =
    [
        InterfaceBytes, InterfacePackets, InterfaceErrors, InterfaceDropped, Sysctl, ZeroWindowAdvertised, ZeroWindowWanted,
        InSegments, OutSegments, RetransmittedSegments, ActiveOpens, PassiveOpens, AttemptFails,
        EstablishedResets, OutResets, InErrors, ListenOverflows, ListenDrops, SynCookiesSent,
        RequestQueueDrops, Timeouts, FastRetransmits, SynRetransmits, SpuriousRetransmits, ReceivePruned,
        ReceiveCollapsed, ReceiveQueueDrops, BacklogDrops, MemoryPressures, AbortOnTimeout, AbortOnMemory,
        SlowStartRetransmits, MtuProbeSuccesses, MtuProbeFailures, TimeWaitOverflows, UdpInDatagrams, UdpOutDatagrams,
        UdpNoPorts, UdpReceiveBufferErrors, UdpSendBufferErrors, UdpInErrors, ReassemblyFails, FragmentationFails,
        IpNoRoutes, IpInDiscards,
        TcpInChecksumErrors, LostRetransmits, LossProbes, SackReorders, OutOfOrderSegments, OutOfOrderDrops, SendQueueTooBig,
        SynCookiesFailed, RequestQueueCookies, MemoryPressureSeconds, ReversePathDrops, UdpInChecksumErrors, UdpMemoryErrors,
        ReassemblyRequests, ReassemblySuccesses, ReassemblyTimeouts, FragmentsCreated, IpForwarded, IcmpInUnreachable, IcmpRateLimited, IcmpRateLimitedTogether, Ipv6ReassemblyFails,
        Ipv6ReassemblyTimeouts, Ipv6FragmentationFails, Ipv6NoRoutes, Ipv6InDiscards, Icmpv6TooBig, Udp6InDatagrams, Udp6OutDatagrams,
        Udp6ReceiveBufferErrors, Udp6SendBufferErrors, Sockets, TimeWaitSockets, ReassemblyQueues, ReassemblyMemoryBytes, SysctlInfo,
    ];
}
