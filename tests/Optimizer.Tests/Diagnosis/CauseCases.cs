using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Units;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Tests.Diagnosis;

/// <summary>For each cause what proves it, as the lab's scenarios measured it, and the same with the one thing changed that refutes it.</summary>
internal static class CauseCases
{
    private static readonly (string, string) Port = (LabelNames.ServerPort, "9004");
    private static readonly (string, string) Ipv4 = (LabelNames.Family, LabelNames.Ipv4);
    private static readonly (string, string) Third = (LabelNames.Level, "gc_thresh3");
    private static readonly (string, string) NoPort = (LabelNames.Reason, "no-local-port");
    private static readonly (string, string) Tcp = (LabelNames.Protocol, "tcp");
    private static readonly (string, string) Udp = (LabelNames.Protocol, "udp");

    /// <summary>A bulk upload that nothing troubles: 40 of 60 Mbit/s at 40 ms.</summary>
    public static ConnectionEvidence Bulk { get; } = Examples.WindowLimited() with
    {
        Throughput = BytesPerSecond.FromMegabitsPerSecond(57),
        BestThroughput = BytesPerSecond.FromMegabitsPerSecond(57),
        RoundTripTime = Milliseconds(41),
        PathRoundTripTime = Milliseconds(40),
        LowestRoundTripTime = Milliseconds(40),
        ObservedRoundTripTime = Milliseconds(41),
        ObservedPathRoundTripTime = Milliseconds(40),
        ReceiveWindowLimitedShare = 0,
        SendBufferLimitedShare = 0,
        RetransmittedShare = 0,
        Retransmits = 0,
        SpuriousShare = 0,
        Reorderings = 0,
        SegmentsBack = 20_000,
        ConnectionsClosed = 0,
        BusyShare = 1,
        SendWindowBytes = 1_000_000,
        ReceiveBufferBytes = 3_000_000,
        ReceiveLimits = new TcpBufferLimits(4096, 131_072, 33_554_432),
        SendLimits = new TcpBufferLimits(4096, 16_384, 4_194_304),
        SendBufferBytes = 1_500_000,
        LockedSendBuffers = 0,
        NotSentBytes = 900_000,
        CongestionWindowBytes = 300_000,
        SelfPacedShare = 0,
        WithoutDelay = 0,
        BackedOff = 0,
        LossyReadings = 0,
        PeakToMean = 1.5,
        WindowCollapses = 0,
        UsuallyNotSentBytes = 900_000,
    };

    private static ConnectionEvidence Lossy { get; } = Bulk with
    {
        Throughput = BytesPerSecond.FromMegabitsPerSecond(3.3), RetransmittedShare = 0.0102, Retransmits = 61, RetransmitBytes = 1448, LossyReadings = 0.9, CongestionWindowBytes = 17_000,
    };

    public static (Cause Cause, SubjectEvidence Proves, SubjectEvidence Refutes)[] All { get; } =
    [
        (Cause.ReceiveWindowBelowBandwidthDelay, Examples.Of(Examples.WindowLimited()), Examples.Of(Examples.WindowLimited() with { ReceiveQueueBytes = 120_000 })),
        (Cause.SlowReader, Examples.Of(Examples.WindowLimited() with { ReceiveQueueBytes = 120_000 }), Examples.Of(Examples.WindowLimited())),
        (Cause.SendBufferBelowBandwidthDelay, Examples.Of(SendBuffer), Examples.Of(SendBuffer with { LockedSendBuffers = 1 })),
        (Cause.ReceiveBufferClamped, Edge(Clamped, node: With().Sysctl("net.core.rmem_max", 212_992)), Edge(Clamped, node: With().Sysctl("net.core.rmem_max", 4_194_304))),
        (Cause.ReceiveBufferClamped, Pod(UdpDrops(425_984, isLocked: true, waiting: 20_000).Sysctl("net.core.rmem_max", 212_992)), Pod(UdpDrops(212_992, isLocked: false, waiting: 20_000).Sysctl("net.core.rmem_max", 212_992))),
        (Cause.SendBufferClamped, Edge(SendClamped, own: With().Sysctl("net.core.wmem_max", 212_992)), Edge(SendClamped with { LockedSendBuffers = 0 }, own: With().Sysctl("net.core.wmem_max", 212_992))),
        (Cause.WindowScaleFixed, Examples.Of(NoScale), Examples.Of(NoScale with { SendWindowBytes = 131_000 })),
        (Cause.SocketBacklogOverflow, Pod(With().Grew(NamespaceMetrics.BacklogDrops, 12).Is(TcpMetrics.ReceiveBuffer, 131_072)), Pod(With().Grew(NamespaceMetrics.BacklogDrops, 0).Is(TcpMetrics.ReceiveBuffer, 131_072))),
        (Cause.ReceiveQueueCollapse, Pod(With().Grew(NamespaceMetrics.ReceivePruned, 9)), Pod(With().Grew(NamespaceMetrics.ReceivePruned, 0))),
        (Cause.Bufferbloat, Examples.Of(Bloated), Examples.Of(Bloated with { SelfPacedShare = 1 })),
        (Cause.NonCongestionLoss, Edge(Lossy, own: With().Grew(NamespaceMetrics.Timeouts, 2)), Edge(Lossy with { RoundTripTime = Milliseconds(90) }, own: With().Grew(NamespaceMetrics.Timeouts, 2))),
        (Cause.Policer, Edge(Lossy with { Throughput = BytesPerSecond.FromMegabitsPerSecond(9.6), PeakToMean = 1.06 }), Edge(Lossy)),
        (Cause.Reordering, Examples.Of(Bulk with { Reorderings = 300, Retransmits = 90, RetransmittedShare = 0.01, SpuriousShare = 0.95 }), Examples.Of(Bulk with { Reorderings = 0 })),
        (Cause.CrossTraffic, Examples.Of(Crossed), Examples.Of(Crossed with { NotSentBytes = 0 })),
        (Cause.ApplicationLimited, Examples.Of(Idle), Examples.Of(Idle with { NotSentBytes = 400_000 })),
        (Cause.PathMtuBlackHole, Edge(Stalled, own: BlackHole(icmp: 0)), Edge(Stalled, own: BlackHole(icmp: 4))),
        (Cause.IdleRestart, Edge(Bursts, own: With().Sysctl("net.ipv4.tcp_slow_start_after_idle", 1)), Edge(Bursts with { SelfPacedShare = 1 }, own: With().Sysctl("net.ipv4.tcp_slow_start_after_idle", 1))),
        (Cause.HeadOfLineBlocking, Edge(Bulk with { WithoutDelay = 1, UsuallyNotSentBytes = 4000 }, own: With().Sysctl("net.ipv4.tcp_notsent_lowat", uint.MaxValue)), Edge(Bulk with { WithoutDelay = 1, UsuallyNotSentBytes = 900_000 }, own: With().Sysctl("net.ipv4.tcp_notsent_lowat", uint.MaxValue))),
        (Cause.RetransmissionTimeoutFloor, Edge(Calls, own: Timers()), Edge(Calls with { RoundTripTime = Milliseconds(60) }, own: Timers())),
        (Cause.ThinStreamBackoff, Edge(Thin, own: With().Sysctl("net.ipv4.tcp_thin_linear_timeouts", 0)), Edge(Thin with { RetransmitBytes = 1448 }, own: With().Sysctl("net.ipv4.tcp_thin_linear_timeouts", 0))),
        (Cause.StaleRouteMetrics, Edge(Remembered, own: Remembers(1)), Edge(Remembered, own: Remembers(0))),
        (Cause.AcceptQueueOverflow, Pod(Listener(16, 16, 0.5)), Pod(Listener(16, 4096, 0.5))),
        (Cause.ApplicationBacklogTooShort, Pod(Listener(10, 4096, 1)), Pod(Listener(16, 16, 0.5))),
        (Cause.AcceptsTooSlowly, Pod(Listener(16, 16, 15.5)), Pod(Listener(16, 16, 0.5))),
        (Cause.SynQueueOverflow, Pod(Handshakes(drops: 260, completed: 900)), Pod(Handshakes(drops: 40_000, completed: 100))),
        (Cause.SynFlood, Pod(Handshakes(drops: 40_000, completed: 100)), Pod(Handshakes(drops: 260, completed: 900))),
        (Cause.LocalPortsExhausted, Pod(Ports(2700)), Pod(Ports(0))),
        (Cause.TimeWaitTableFull, Pod(TimeWait(8192)), Pod(TimeWait(2000))),
        (Cause.ConntrackFull, Pod(Tracked(2999)), Pod(Tracked(900))),
        (Cause.ConntrackClash, Pod(With().Grew(NodeMetrics.ConntrackInsertFailed, 50).Grew(NodeMetrics.ConntrackDrops, 0)), Pod(With().Grew(NodeMetrics.ConntrackInsertFailed, 50).Grew(NodeMetrics.ConntrackDrops, 50))),
        (Cause.UdpReceiveBuffer, Pod(UdpDrops(212_992, isLocked: false, waiting: 30_000)), Pod(UdpDrops(212_992, isLocked: false, waiting: 180_000))),
        (Cause.UdpReceiverOverloaded, Pod(UdpDrops(212_992, isLocked: false, waiting: 180_000)), Pod(UdpDrops(212_992, isLocked: false, waiting: 30_000))),
        (Cause.UdpMemoryExhausted, Pod(With().Grew(NamespaceMetrics.UdpMemoryErrors, 40), Memory(Udp, 9e8, 1e9)), Pod(With().Grew(NamespaceMetrics.UdpMemoryErrors, 40), Memory(Udp, 1e6, 1e9))),
        (Cause.TcpMemoryExhausted, Pod(Pressure(1e6), Memory(Tcp, 1.4e9, 1.5e9)), Pod(Pressure(1.2e9), Memory(Tcp, 1.4e9, 1.5e9))),
        (Cause.ReassemblyMemory, Pod(Fragments(timeouts: 1, 94_000)), Pod(Fragments(timeouts: 200, 94_000))),
        (Cause.FragmentLoss, Pod(Fragments(timeouts: 200, 20_000)), Pod(Fragments(timeouts: 1, 94_000))),
        (Cause.NeighbourTableFull, Node(Neighbours(failed: 10)), Node(Neighbours(failed: 4000))),
        (Cause.NeighbourScan, Node(Neighbours(failed: 4000)), Node(Neighbours(failed: 10))),
        (Cause.SoftnetBacklog, Node(Backlog(30)), Node(Backlog(900))),
        (Cause.SoftnetSaturated, Node(Backlog(900)), Node(Backlog(30))),
        (Cause.SoftnetBudget, Node(Driver(squeezes: 400)), Node(Driver(squeezes: 2))),
        (Cause.NicRing, Node(Driver(squeezes: 2)), Node(Driver(squeezes: 400))),
        (Cause.ReversePathFilter, Pod(Reverse(1)), Pod(Reverse(2))),
        (Cause.IcmpRateLimit, Pod(With().Grew(NamespaceMetrics.IcmpRateLimited, 300)), Pod(With().Grew(NamespaceMetrics.IcmpRateLimited, 0))),
        (Cause.DeadPeers, Pod(With().Grew(NamespaceMetrics.AbortOnTimeout, 8)), Pod(With().Grew(NamespaceMetrics.AbortOnTimeout, 0))),
        (Cause.ResolverSilent, Pod(With().Grew(DnsMetrics.Timeouts, 20).Grew(DnsMetrics.Queries, 100)), Pod(With().Grew(DnsMetrics.Timeouts, 20).Grew(DnsMetrics.Queries, 100_000))),
    ];

    private static ConnectionEvidence SendBuffer => Bulk with
    {
        Throughput = BytesPerSecond.FromMegabitsPerSecond(6.2), BestThroughput = BytesPerSecond.FromMegabitsPerSecond(48), SendBufferLimitedShare = 0.9, SendBufferBytes = 131_072,
        SendLimits = new TcpBufferLimits(4096, 16_384, 131_072), RoundTripTime = Milliseconds(100), PathRoundTripTime = Milliseconds(100),
    };

    private static ConnectionEvidence Clamped => Examples.WindowLimited() with { LockedReceiveBuffers = 1, ReceiveBufferBytes = 425_984 };

    private static ConnectionEvidence SendClamped => SendBuffer with { LockedSendBuffers = 1, SendBufferBytes = 425_984 };

    private static ConnectionEvidence NoScale => Examples.WindowLimited() with
    {
        SendWindowBytes = 65_535, ReceiveBufferBytes = 131_072, ReceiveLimits = new TcpBufferLimits(4096, 131_072, 262_144), ReceiveWindowLimitedShare = 0.97,
    };

    private static ConnectionEvidence Bloated => Bulk with
    {
        Throughput = BytesPerSecond.FromMegabitsPerSecond(19), BestThroughput = BytesPerSecond.FromMegabitsPerSecond(19.5), RoundTripTime = Milliseconds(340), PathRoundTripTime = Milliseconds(300),
        LowestRoundTripTime = Milliseconds(20), ObservedPathRoundTripTime = Milliseconds(22), CongestionWindowBytes = 900_000,
    };

    private static ConnectionEvidence Crossed => Bulk with { Throughput = BytesPerSecond.FromMegabitsPerSecond(5), RoundTripTime = Milliseconds(100), PathRoundTripTime = Milliseconds(95), RetransmittedShare = 0.02, Retransmits = 90 };

    private static ConnectionEvidence Idle => Bulk with { Throughput = BytesPerSecond.FromMegabitsPerSecond(3), NotSentBytes = 0 };

    private static ConnectionEvidence Stalled => Bulk with { Throughput = new BytesPerSecond(700), Retransmits = 7, RetransmittedShare = 0.5, RetransmitBytes = 1448, SegmentsBack = 4 };

    private static ConnectionEvidence Bursts => Bulk with { WindowCollapses = 5, BusyShare = 0.4 };

    private static ConnectionEvidence Calls => Bulk with
    {
        Throughput = new BytesPerSecond(60_000), RoundTripTime = Milliseconds(0.4), Retransmits = 70, RetransmittedShare = 0.01, RetransmitBytes = 120, NotSentBytes = 0,
    };

    private static ConnectionEvidence Thin => Bulk with { Throughput = new BytesPerSecond(4000), BackedOff = 0.3, RetransmitBytes = 200, Retransmits = 30, RetransmittedShare = 0.1 };

    private static ConnectionEvidence Remembered => Bulk with
    {
        Throughput = BytesPerSecond.FromMegabitsPerSecond(10), BestThroughput = BytesPerSecond.FromMegabitsPerSecond(44), SlowStartThresholdBytes = 30_000, ConnectionsClosed = 6, RecentlyRetransmittedShare = 0,
    };

    public static SubjectEvidence Pod(Reported own, Reported? node = null) => new()
    {
        Subject = new Subject.OfPod(Examples.Node, new WorkloadIdentity("lab", "archive", "archive-0")),
        Range = TimeRange.Before(Examples.Now, TimeSpan.FromSeconds(20)),
        Onset = Examples.Now.AddSeconds(-20),
        Own = own.Readings(),
        Node = (node ?? With()).Readings(),
    };

    public static SubjectEvidence Node(Reported own) => Pod(own) with { Subject = new Subject.OfNode(Examples.Node), Node = own.Readings() };

    public static SubjectEvidence Edge(ConnectionEvidence connections, Reported? own = null, Reported? peer = null, Reported? node = null) => Examples.Of(connections) with
    {
        Range = TimeRange.Before(Examples.Now, TimeSpan.FromSeconds(20)),
        Own = (own ?? With()).Readings(), Peer = (peer ?? With()).Readings(), Node = (node ?? With()).Readings(), PeerNode = (node ?? With()).Readings(),
    };

    public static Reported With() => new();

    public static Reported Listener(double limit, double somaxconn, double waiting, double listens = 5) => With()
        .Grew(TcpSocketMetrics.ListenOverflows, 400, Port).Is(TcpSocketMetrics.ListenQueueLimit, limit, Port).Is(TcpSocketMetrics.ListenQueue, waiting, Port)
        .Grew(TcpSocketMetrics.Listens, listens, Port).Sysctl("net.core.somaxconn", somaxconn);

    public static Reported Ports(double failures, double low = 40_000, double high = 40_255, double opens = 250, double timeWait = 256) => With()
        .Grew(TcpMetrics.ConnectFailures, failures, NoPort).Grew(NamespaceMetrics.ActiveOpens, opens).Is(NamespaceMetrics.TimeWaitSockets, timeWait)
        .Sysctl("net.ipv4.ip_local_port_range", low, "min").Sysctl("net.ipv4.ip_local_port_range", high, "max").Sysctl("net.ipv4.tcp_tw_reuse", 2);

    public static Reported Tracked(double entries) => With().Grew(NodeMetrics.ConntrackDrops, 300).Is(NodeMetrics.ConntrackEntries, entries).Is(NodeMetrics.ConntrackLimit, 3000).Sysctl("net.netfilter.nf_conntrack_max", 3000);

    public static Reported UdpDrops(double buffer, bool isLocked, double waiting) => With()
        .Grew(NamespaceMetrics.UdpReceiveBufferErrors, 510).Grew(NamespaceMetrics.UdpMemoryErrors, 0).Grew(NamespaceMetrics.UdpInDatagrams, 490)
        .Is(UdpMetrics.DroppingBufferBytes, buffer).Is(UdpMetrics.DroppingBufferLocked, isLocked ? 1 : 0).Is(UdpMetrics.DroppingQueueBytes, waiting).Sysctl("net.core.rmem_default", 212_992);

    public static Reported Neighbours(double failed) => With()
        .Grew(NodeMetrics.NeighbourTableFull, 1500, Ipv4).Is(NodeMetrics.NeighbourEntries, 1023, Ipv4).Is(NodeMetrics.NeighbourLimit, 1024, Ipv4, Third).Grew(NodeMetrics.NeighbourResolutionsFailed, failed, Ipv4)
        .Sysctl("net.ipv4.neigh.default.gc_thresh1", 128).Sysctl("net.ipv4.neigh.default.gc_thresh2", 512).Sysctl("net.ipv4.neigh.default.gc_thresh3", 1024);

    private static Reported Handshakes(double drops, double completed) => With()
        .Grew(NamespaceMetrics.ListenDrops, drops).Grew(NamespaceMetrics.ListenOverflows, 0).Grew(NamespaceMetrics.RequestQueueDrops, 0).Grew(NamespaceMetrics.RequestQueueCookies, 0)
        .Grew(NamespaceMetrics.PassiveOpens, completed).Sysctl("net.ipv4.tcp_max_syn_backlog", 64).Sysctl("net.ipv4.tcp_syncookies", 0);

    private static Reported TimeWait(double waiting) => With().Grew(NamespaceMetrics.TimeWaitOverflows, 500).Is(NamespaceMetrics.TimeWaitSockets, waiting).Sysctl("net.ipv4.tcp_max_tw_buckets", 8192);

    private static Reported Fragments(double timeouts, double memory) => With()
        .Grew(NamespaceMetrics.ReassemblyFails, 400).Grew(NamespaceMetrics.ReassemblyTimeouts, timeouts).Is(NamespaceMetrics.ReassemblyMemoryBytes, memory, Ipv4).Sysctl("net.ipv4.ipfrag_high_thresh", 65_536);

    private static Reported Backlog(double waiting) => With()
        .Grew(NodeMetrics.SoftnetDropped, 90, (LabelNames.Cpu, "0")).Is(NodeMetrics.SoftnetBacklog, waiting, (LabelNames.Cpu, "0")).Sysctl("net.core.netdev_max_backlog", 1000);

    private static Reported Driver(double squeezes) => With().Grew(NodeMetrics.DriverCounter, 400, (LabelNames.Counter, "rx_missed_errors")).Grew(NodeMetrics.SoftnetTimeSqueeze, squeezes);

    private static Reported Reverse(double mode) => With().Grew(NamespaceMetrics.ReversePathDrops, 30).Sysctl("net.ipv4.conf.all.rp_filter", 0).Sysctl("net.ipv4.conf.default.rp_filter", mode);

    private static Reported Pressure(double queue) => With().Grew(NamespaceMetrics.MemoryPressures, 3).Is(TcpMetrics.ReceiveQueue, queue);

    private static Reported Memory((string, string) protocol, double used, double limit) => With()
        .Is(NodeMetrics.SocketMemoryBytes, used, protocol).Is(NodeMetrics.SocketMemoryLimitBytes, limit, protocol, (LabelNames.Level, "pressure")).Is(NodeMetrics.SocketMemoryLimitBytes, limit, protocol, (LabelNames.Level, "max"));

    private static Reported BlackHole(double icmp) => With().Grew(NamespaceMetrics.Timeouts, 7).Grew(NamespaceMetrics.IcmpInUnreachable, icmp).Sysctl("net.ipv4.tcp_mtu_probing", 0);

    private static Reported Timers() => With().Grew(NamespaceMetrics.Timeouts, 30).Grew(NamespaceMetrics.LossProbes, 20).Sysctl("net.ipv4.tcp_rto_min_us", 200_000);

    private static Reported Remembers(double threshold) => With().Sysctl("net.ipv4.tcp_no_metrics_save", 0).Sysctl("net.ipv4.tcp_no_ssthresh_metrics_save", 1 - threshold);

    private static TimeSpan Milliseconds(double value) => TimeSpan.FromMilliseconds(value);
}
