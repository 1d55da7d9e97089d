using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Tuner.Knobs;

/// <summary>The sysctls that a Tuner accepts; any other is refused.</summary>
public sealed class KnobTable(ImmutableArray<Knob> knobs, ImmutableArray<KnobOrder> orders = default)
{
    private const long MebiByte = 1024 * 1024;

    /// <summary>A quarter of the largest memory that Linux addresses on x86-64 with four levels of page tables (64 TiB); a node's own memory sets less.</summary>
    private const long MostPages = 4L << 30;

    /// <summary>What we ship.</summary>
    /// <remarks>net.ipv4.tcp_reordering and tcp_max_reordering are left out on purpose: the kernel adapts by itself, and no value of ours was ever better.</remarks>
    public static KnobTable Accepted { get; } = new(
    [
        new(
            "net.ipv4.tcp_rmem",
            new KnobValue.Numbers("bytes", 3, 4096, 64 * MebiByte) { Ascending = true, DefaultFloor = 131_072 },
            SysctlScope.NamespaceInherited,
            SysctlEffect.Live,
            Danger: "Memory for each connection: with many, the sum may reach tcp_mem. Large receive queues are collapsed now and then, which costs latency (TCPRcvCollapsed).",
            Source: "Documentation/networking/ip-sysctl.rst: minimum, default and maximum of a TCP receive buffer; the maximum counts at once for sockets that did not set SO_RCVBUF, as far as the window scale of their handshake reaches"),
        new(
            "net.ipv4.tcp_wmem",
            new KnobValue.Numbers("bytes", 3, 4096, 64 * MebiByte) { Ascending = true, DefaultFloor = 131_072 },
            SysctlScope.NamespaceInherited,
            SysctlEffect.Live,
            Danger: "Memory for each connection. With loss-based congestion control and a deep queue on the path, more data in flight is more queueing delay.",
            Source: "Documentation/networking/ip-sysctl.rst: minimum, default and maximum of a TCP send buffer; the maximum counts at once for sockets that did not set SO_SNDBUF"),
        new(
            "net.ipv4.tcp_notsent_lowat",
            new KnobValue.Numbers("bytes", 1, 16_384, MebiByte) { Also = uint.MaxValue },
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "More wake-ups of the sender; below a round trip's worth of data, less throughput.",
            Source: "Documentation/networking/ip-sysctl.rst: how much may wait unsent before the socket stops being writable"),
        new(
            "net.core.rmem_max",
            new KnobValue.Numbers("bytes", 1, 212_992, 64 * MebiByte),
            SysctlScope.Node,
            SysctlEffect.NewSockets,
            Danger: "Every process of the node may then pin that much for each socket; the window scale of new TCP connections grows with it.",
            Source: "Documentation/admin-guide/sysctl/net.rst: the most that SO_RCVBUF may ask for; read when it asks"),
        new(
            "net.core.wmem_max",
            new KnobValue.Numbers("bytes", 1, 212_992, 64 * MebiByte),
            SysctlScope.Node,
            SysctlEffect.NewSockets,
            Danger: "Every process of the node may then pin that much for each socket.",
            Source: "Documentation/admin-guide/sysctl/net.rst: the most that SO_SNDBUF may ask for; read when it asks"),
        new(
            "net.core.rmem_default",
            new KnobValue.Numbers("bytes", 1, 212_992, 8 * MebiByte),
            SysctlScope.Node,
            SysctlEffect.NewSockets,
            Danger: "Memory of every UDP socket of the node; datagrams that wait longer are older when they are read.",
            Source: "Documentation/admin-guide/sysctl/net.rst: the receive buffer of a socket that asks for none; TCP has its own"),
        new(
            "net.core.wmem_default",
            new KnobValue.Numbers("bytes", 1, 212_992, 8 * MebiByte),
            SysctlScope.Node,
            SysctlEffect.NewSockets,
            Danger: "Memory of every UDP socket of the node.",
            Source: "Documentation/admin-guide/sysctl/net.rst: the send buffer of a socket that asks for none; TCP has its own"),
        new(
            "net.ipv4.tcp_mem",
            new KnobValue.Numbers("pages", 3, 1024, MostPages) { Ascending = true, ShareOfMemory = 0.25 },
            SysctlScope.Node,
            SysctlEffect.Live,
            Danger: "The node's memory: with too much for sockets, other things are killed for want of it.",
            Source: "Documentation/networking/ip-sysctl.rst: pages of all TCP sockets at which pressure ends, begins, and no more is given; we allow a quarter of the memory"),
        new(
            "net.ipv4.udp_mem",
            new KnobValue.Numbers("pages", 3, 1024, MostPages) { Ascending = true, ShareOfMemory = 0.25 },
            SysctlScope.Node,
            SysctlEffect.Live,
            Danger: "The node's memory: with too much for sockets, other things are killed for want of it.",
            Source: "Documentation/networking/ip-sysctl.rst: pages of all UDP sockets; we allow a quarter of the memory"),
        new(
            "net.core.somaxconn",
            new KnobValue.Numbers("connections", 1, 4096, 65_535),
            SysctlScope.Namespace,
            SysctlEffect.NextListen,
            Danger: "Connections that wait are not charged to the pod's memory until they are accepted; a longer queue hides an overload.",
            Source: "Documentation/networking/ip-sysctl.rst and listen(2): the most that a backlog may ask for; read at listen()"),
        new(
            "net.ipv4.tcp_max_syn_backlog",
            new KnobValue.Numbers("connections", 1, 256, 65_536),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "Memory during a flood of handshakes.",
            Source: "Documentation/networking/ip-sysctl.rst: handshakes of one listener that are not complete"),
        new(
            "net.ipv4.tcp_syncookies",
            new KnobValue.Numbers("(1: when the queue is full)", 1, 1, 1),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "A connection that was made by a cookie has no window scale and no SACK unless timestamps are on.",
            Source: "Documentation/networking/ip-sysctl.rst: what to do when a listener's queue of handshakes is full"),
        new(
            "net.core.netdev_max_backlog",
            new KnobValue.Numbers("packets", 1, 1000, 16_384),
            SysctlScope.Node,
            SysctlEffect.Live,
            Danger: "Queueing delay up to the backlog times the time of a packet.",
            Source: "Documentation/admin-guide/sysctl/net.rst: packets that wait for one CPU"),
        new(
            "net.core.netdev_budget",
            new KnobValue.Numbers("packets", 1, 300, 1200),
            SysctlScope.Node,
            SysctlEffect.Live,
            Danger: "Other work of the CPU waits longer.",
            Source: "Documentation/admin-guide/sysctl/net.rst: packets of one round of the network's soft interrupt"),
        new(
            "net.core.netdev_budget_usecs",
            new KnobValue.Numbers("microseconds", 1, 2000, 8000),
            SysctlScope.Node,
            SysctlEffect.Live,
            Danger: "Other work of the CPU waits longer.",
            Source: "Documentation/admin-guide/sysctl/net.rst: length of one round of the network's soft interrupt"),
        new(
            "net.core.rps_sock_flow_entries",
            new KnobValue.Numbers("flows", 1, 0, 32_768),
            SysctlScope.Node,
            SysctlEffect.Live,
            Danger: "Memory, and interrupts between CPUs.",
            Source: "Documentation/networking/scaling.rst"),
        new(
            "net.core.busy_read",
            new KnobValue.Numbers("microseconds", 1, 0, 50),
            SysctlScope.Node,
            SysctlEffect.NewSockets,
            Danger: "A CPU that spins; of no use for pods behind a veth pair.",
            Source: "Documentation/admin-guide/sysctl/net.rst: how long a blocking read polls the device"),
        new(
            "net.core.busy_poll",
            new KnobValue.Numbers("microseconds", 1, 0, 50),
            SysctlScope.Node,
            SysctlEffect.NewSockets,
            Danger: "A CPU that spins; of no use for pods behind a veth pair.",
            Source: "Documentation/admin-guide/sysctl/net.rst: how long poll and select poll the device"),
        new(
            "net.core.default_qdisc",
            new KnobValue.Names(["fq", "fq_codel", "pfifo_fast"]),
            SysctlScope.Node,
            SysctlEffect.NewNamespaces,
            Danger: "Interfaces that exist keep theirs; fq where the kernel lacks it is refused by the kernel.",
            Source: "Documentation/admin-guide/sysctl/net.rst: the queueing discipline of interfaces that are made from then on"),
        new(
            "net.ipv4.ip_local_port_range",
            new KnobValue.Numbers("port", 2, 1024, 65_535) { Ascending = true },
            SysctlScope.Namespace,
            SysctlEffect.NewConnections,
            Danger: "A fixed port inside the range may be taken by an outgoing connection before its server binds it: reserve it (ip_local_reserved_ports).",
            Source: "Documentation/networking/ip-sysctl.rst: first and last port that the kernel chooses for outgoing connections"),
        new(
            "net.ipv4.ip_local_reserved_ports",
            new KnobValue.Ports(),
            SysctlScope.Namespace,
            SysctlEffect.NewConnections,
            Danger: "Fewer ports for outgoing connections.",
            Source: "Documentation/networking/ip-sysctl.rst: ports that the kernel never chooses by itself"),
        new(
            "net.ipv4.tcp_tw_reuse",
            new KnobValue.Numbers("(0: never, 1: always, 2: on loopback)", 1, 0, 2),
            SysctlScope.Namespace,
            SysctlEffect.NewConnections,
            Danger: "Needs timestamps; wrong behind an address translation that rewrites them.",
            Source: "Documentation/networking/ip-sysctl.rst: whether an outgoing connection may take a port in TIME_WAIT"),
        new(
            "net.ipv4.tcp_max_tw_buckets",
            new KnobValue.Numbers("connections", 1, 8192, 1_048_576),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "About 0.3 kB for each.",
            Source: "Documentation/networking/ip-sysctl.rst: connections in TIME_WAIT; more are closed at once"),
        new(
            "net.netfilter.nf_conntrack_max",
            new KnobValue.Numbers("connections", 1, 65_536, 4_194_304),
            SysctlScope.Node,
            SysctlEffect.Live,
            Danger: "About 320 bytes for each; long chains where the buckets do not grow with it. kube-proxy writes it too.",
            Source: "Documentation/networking/nf_conntrack-sysctl.rst: tracked connections of each namespace"),
        new(
            "net.netfilter.nf_conntrack_buckets",
            new KnobValue.Numbers("buckets", 1, 16_384, 4_194_304) { MultipleOf = 512 },
            SysctlScope.Node,
            SysctlEffect.Live,
            Danger: "8 bytes for each, and a pause while the table is built anew.",
            Source: "Documentation/networking/nf_conntrack-sysctl.rst: size of the hash table of all namespaces"),
        new(
            "net.netfilter.nf_conntrack_tcp_timeout_time_wait",
            new KnobValue.Numbers("seconds", 1, 10, 120),
            SysctlScope.Namespace,
            SysctlEffect.NewConnections,
            Danger: "A mapping that is forgotten too early: late segments are refused.",
            Source: "Documentation/networking/nf_conntrack-sysctl.rst; counts from a connection's next change of state"),
        new(
            "net.netfilter.nf_conntrack_tcp_timeout_close_wait",
            new KnobValue.Numbers("seconds", 1, 10, 60),
            SysctlScope.Namespace,
            SysctlEffect.NewConnections,
            Danger: "A mapping that is forgotten too early: late segments are refused.",
            Source: "Documentation/networking/nf_conntrack-sysctl.rst; counts from a connection's next change of state"),
        new(
            "net.netfilter.nf_conntrack_tcp_timeout_established",
            new KnobValue.Numbers("seconds", 1, 3600, 432_000),
            SysctlScope.Namespace,
            SysctlEffect.NewConnections,
            Danger: "Idle connections through an address translation end when it forgets them.",
            Source: "Documentation/networking/nf_conntrack-sysctl.rst; counts from a connection's next packet"),
        new(
            "net.netfilter.nf_conntrack_udp_timeout",
            new KnobValue.Numbers("seconds", 1, 10, 30),
            SysctlScope.Namespace,
            SysctlEffect.NewConnections,
            Danger: "A late answer finds no mapping.",
            Source: "Documentation/networking/nf_conntrack-sysctl.rst; counts from a flow's next packet"),
        new(
            "net.ipv4.neigh.default.gc_thresh1",
            new KnobValue.Numbers("neighbours", 1, 128, 131_072),
            SysctlScope.Node,
            SysctlEffect.Live,
            Danger: "About 0.5 kB for each neighbour.",
            Source: "Documentation/networking/ip-sysctl.rst: below it nothing is collected"),
        new(
            "net.ipv4.neigh.default.gc_thresh2",
            new KnobValue.Numbers("neighbours", 1, 512, 131_072),
            SysctlScope.Node,
            SysctlEffect.Live,
            Danger: "About 0.5 kB for each neighbour.",
            Source: "Documentation/networking/ip-sysctl.rst: above it what is older than 5 s is collected"),
        new(
            "net.ipv4.neigh.default.gc_thresh3",
            new KnobValue.Numbers("neighbours", 1, 1024, 131_072),
            SysctlScope.Node,
            SysctlEffect.Live,
            Danger: "About 0.5 kB for each neighbour, which anybody on the link can fill.",
            Source: "Documentation/networking/ip-sysctl.rst: the most neighbours, of all namespaces together"),
        new(
            "net.ipv6.neigh.default.gc_thresh1",
            new KnobValue.Numbers("neighbours", 1, 128, 131_072),
            SysctlScope.Node,
            SysctlEffect.Live,
            Danger: "About 0.5 kB for each neighbour.",
            Source: "Documentation/networking/ip-sysctl.rst: below it nothing is collected"),
        new(
            "net.ipv6.neigh.default.gc_thresh2",
            new KnobValue.Numbers("neighbours", 1, 512, 131_072),
            SysctlScope.Node,
            SysctlEffect.Live,
            Danger: "About 0.5 kB for each neighbour.",
            Source: "Documentation/networking/ip-sysctl.rst: above it what is older than 5 s is collected"),
        new(
            "net.ipv6.neigh.default.gc_thresh3",
            new KnobValue.Numbers("neighbours", 1, 1024, 131_072),
            SysctlScope.Node,
            SysctlEffect.Live,
            Danger: "About 0.5 kB for each neighbour, which anybody on the link can fill.",
            Source: "Documentation/networking/ip-sysctl.rst: the most neighbours, of all namespaces together"),
        new(
            "net.ipv4.tcp_congestion_control",
            new KnobValue.Names([], "net.ipv4.tcp_available_congestion_control") { AllowedInPodsBy = "net.ipv4.tcp_allowed_congestion_control" },
            SysctlScope.NamespaceInherited,
            SysctlEffect.NewConnections,
            Danger: "bbr takes bandwidth from cubic neighbours on shallow queues, and loses more at a policer.",
            Source: "Documentation/networking/ip-sysctl.rst: of connections that are made from then on"),
        new(
            "net.ipv4.tcp_allowed_congestion_control",
            new KnobValue.Names([], "net.ipv4.tcp_available_congestion_control") { IsList = true },
            SysctlScope.Node,
            SysctlEffect.NewConnections,
            Danger: "Every process of the node may then choose them.",
            Source: "Documentation/networking/ip-sysctl.rst: what processes without CAP_NET_ADMIN, and namespaces other than the node's, may choose"),
        new(
            "net.ipv4.tcp_slow_start_after_idle",
            new KnobValue.Numbers("(0: off, 1: on)", 1, 0, 1),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "A burst into a path that has changed meanwhile.",
            Source: "Documentation/networking/ip-sysctl.rst: whether an idle connection starts slowly again; bbr does not ask"),
        new(
            "net.ipv4.tcp_no_metrics_save",
            new KnobValue.Numbers("(0: off, 1: on)", 1, 0, 1),
            SysctlScope.Namespace,
            SysctlEffect.NewConnections,
            Danger: "Good values of earlier connections are lost as well.",
            Source: "Documentation/networking/ip-sysctl.rst: whether connections leave their path's figures to later ones"),
        new(
            "net.ipv4.tcp_no_ssthresh_metrics_save",
            new KnobValue.Numbers("(0: off, 1: on)", 1, 0, 1),
            SysctlScope.Namespace,
            SysctlEffect.NewConnections,
            Danger: "A good threshold of earlier connections is lost as well.",
            Source: "Documentation/networking/ip-sysctl.rst: whether connections leave their slow-start threshold to later ones"),
        new(
            "net.ipv4.tcp_ecn",
            new KnobValue.Numbers("(0: off, 1: asked for, 2: when asked)", 1, 0, 2),
            SysctlScope.Namespace,
            SysctlEffect.NewConnections,
            Danger: "Old devices drop handshakes that ask for it; less throughput where a queue marks early.",
            Source: "Documentation/networking/ip-sysctl.rst: explicit congestion notification"),
        new(
            "net.ipv4.tcp_mtu_probing",
            new KnobValue.Numbers("(0: off, 1: when packets vanish, 2: always)", 1, 0, 2),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "Loss that is no matter of size makes segments smaller for nothing.",
            Source: "Documentation/networking/ip-sysctl.rst: whether TCP finds out the path's packet size by itself; from the next timeout on"),
        new(
            "net.ipv4.tcp_base_mss",
            new KnobValue.Numbers("bytes", 1, 512, 1460),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "Smaller segments cost more packets.",
            Source: "Documentation/networking/ip-sysctl.rst: the segment size that probing starts with"),
        new(
            "net.ipv4.tcp_rto_min_us",
            new KnobValue.Numbers("microseconds", 1, 5000, 200_000),
            SysctlScope.Namespace,
            SysctlEffect.NewSockets,
            Danger: "Retransmissions for nothing where a peer delays its acknowledgements (40 ms and more).",
            Source: "Documentation/networking/ip-sysctl.rst: least retransmission timeout; since Linux 6.11. Read when a socket is made (net/ipv4/tcp.c, tcp_init_sock); an accepted connection has what its listener had"),
        new(
            "net.ipv4.tcp_thin_linear_timeouts",
            new KnobValue.Numbers("(0: off, 1: on)", 1, 0, 1),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "More retransmissions while a path is cut.",
            Source: "Documentation/networking/tcp-thin.rst"),
        new(
            "net.ipv4.tcp_retries2",
            new KnobValue.Numbers("retransmissions", 1, 8, 15),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "Connections end in an outage that they would have outlived.",
            Source: "Documentation/networking/ip-sysctl.rst; RFC 1122 asks for 100 s at least, which is 8"),
        new(
            "net.ipv4.tcp_syn_retries",
            new KnobValue.Numbers("retransmissions", 1, 2, 6),
            SysctlScope.Namespace,
            SysctlEffect.NewConnections,
            Danger: "Connections are given up in an outage that they would have outlived.",
            Source: "Documentation/networking/ip-sysctl.rst"),
        new(
            "net.ipv4.tcp_keepalive_time",
            new KnobValue.Numbers("seconds", 1, 60, 7200),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "More packets on idle connections.",
            Source: "Documentation/networking/ip-sysctl.rst: idle time before the first probe; from the next timer on"),
        new(
            "net.ipv4.tcp_keepalive_intvl",
            new KnobValue.Numbers("seconds", 1, 10, 75),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "Connections end in an outage that they would have outlived.",
            Source: "Documentation/networking/ip-sysctl.rst"),
        new(
            "net.ipv4.tcp_keepalive_probes",
            new KnobValue.Numbers("probes", 1, 3, 9),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "Connections end in an outage that they would have outlived.",
            Source: "Documentation/networking/ip-sysctl.rst"),
        new(
            "net.ipv4.tcp_fin_timeout",
            new KnobValue.Numbers("seconds", 1, 10, 60),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "A peer that closes late finds the connection gone.",
            Source: "Documentation/networking/ip-sysctl.rst"),
        new(
            "net.ipv4.ipfrag_high_thresh",
            new KnobValue.Numbers("bytes", 1, 4 * MebiByte, 64 * MebiByte),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "Memory that anybody who sends fragments can fill.",
            Source: "Documentation/networking/ip-sysctl.rst: memory of packets that are put together"),
        new(
            "net.ipv4.ipfrag_low_thresh",
            new KnobValue.Numbers("bytes", 1, 3 * MebiByte, 64 * MebiByte),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "Memory that anybody who sends fragments can fill.",
            Source: "Documentation/networking/ip-sysctl.rst: down to it fragments are thrown away"),
        new(
            "net.ipv4.icmp_ratelimit",
            new KnobValue.Numbers("milliseconds", 1, 0, 1000),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "An answer for every packet can be used against others.",
            Source: "Documentation/networking/ip-sysctl.rst: least time between two ICMP errors to one target"),
        new(
            "net.ipv4.icmp_msgs_per_sec",
            new KnobValue.Numbers("messages/second", 1, 1000, 10_000),
            SysctlScope.Namespace,
            SysctlEffect.Live,
            Danger: "An answer for every packet can be used against others.",
            Source: "Documentation/networking/ip-sysctl.rst"),
        new(
            "net.ipv4.conf.*.rp_filter",
            new KnobValue.Numbers("(0: off, 1: strict, 2: loose)", 1, 0, 2),
            SysctlScope.NamespaceInherited,
            SysctlEffect.Live,
            Danger: "Packets with a forged source come in.",
            Source: "Documentation/networking/ip-sysctl.rst: whether a packet must come from where an answer would go; the larger of the interface's value and that of all counts"),
    ],
    [
        new("net.ipv4.neigh.default.gc_thresh1", "net.ipv4.neigh.default.gc_thresh2", 1, NeighbourOrder),
        new("net.ipv4.neigh.default.gc_thresh2", "net.ipv4.neigh.default.gc_thresh3", 1, NeighbourOrder),
        new("net.ipv6.neigh.default.gc_thresh1", "net.ipv6.neigh.default.gc_thresh2", 1, NeighbourOrder),
        new("net.ipv6.neigh.default.gc_thresh2", "net.ipv6.neigh.default.gc_thresh3", 1, NeighbourOrder),
        new("net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_buckets", 4, "longer chains make every packet slower"),
        new("net.ipv4.ipfrag_low_thresh", "net.ipv4.ipfrag_high_thresh", 1, "fragments are thrown away from the upper down to the lower"),
    ]);

    private const string NeighbourOrder = "neighbours are collected from the upper threshold down to the lower";

    public ImmutableArray<Knob> Knobs { get; } = knobs;

    /// <summary>What must fit each other, beyond each sysctl's own range.</summary>
    public ImmutableArray<KnobOrder> Orders { get; } = orders.IsDefault ? [] : orders;

    /// <summary>With the ranges that depend on the node's memory.</summary>
    /// <param name="memoryPages">All of it, in pages.</param>
    public KnobTable OnNode(long memoryPages) =>
        new([.. Knobs.Select(knob => knob.Value is KnobValue.Numbers numbers ? knob with { Value = numbers.OnNode(memoryPages) } : knob)], Orders);

    /// <summary>The knob of that name; where it is one for any interface, with this one's name.</summary>
    /// <returns><see langword="null"/> for a sysctl that is not accepted.</returns>
    public Knob? Find(string sysctl) => Knobs.FirstOrDefault(k => k.IsNamed(sysctl)) is { } knob ? knob with { Sysctl = sysctl } : null;

    /// <summary>The reference page for people, <c>docs/knobs.md</c>.</summary>
    public string ToMarkdown()
    {
        var page = new System.Text.StringBuilder();
        page.Append("# Knobs\n\n");
        page.Append("The sysctls that the Tuner accepts; any other, and any value out of its range, is refused with the reason in the NodeTuning's status.\n");
        page.Append("Whose value it is, the Tuner finds out on the running kernel at its start; below stands what the kernel's documentation says.\n");
        page.Append("Generated by `netpulse-tuner knobs --markdown` from `src/Tuner/Knobs/KnobTable.cs`; a test fails when this page is stale.\n");
        foreach (var knob in Knobs)
        {
            page.Append($"\n## {knob.Sysctl}\n\n");
            page.Append($"- Value: {knob.Value.Allowed}{(knob.Value is KnobValue.Numbers { ShareOfMemory: { } share } ? $"; at most {share * 100:0} % of the node's memory" : "")}\n");
            if (knob.Value is KnobValue.Numbers { DefaultFloor: { } floor, Unit: var unit })
            {
                page.Append($"- The second number is never lowered below {floor} {unit}, or below what held before where that is less\n");
            }

            foreach (var order in Orders.Where(order => order.Smaller == knob.Sysctl))
            {
                page.Append($"- At most {(order.Factor == 1 ? "" : $"{order.Factor} times ")}{order.Larger}: {order.Reason}\n");
            }

            page.Append($"- Scope: {KnobWords.Of(knob.Scope)}\n");
            page.Append($"- Takes effect: {KnobWords.Of(knob.TakesEffect)}\n");
            page.Append($"- Danger: {knob.Danger}\n");
            page.Append($"- Source: {knob.Source}\n");
        }

        return page.ToString();
    }
}
