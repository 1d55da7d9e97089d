namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Why something is slow, or fails.</summary>
public enum Cause
{
    /// <summary>None of our causes is proven.</summary>
    Unknown,

    /// <summary>The receiver's window ceiling is below what the path could hold.</summary>
    ReceiveWindowBelowBandwidthDelay,

    /// <summary>The receiving application reads more slowly than data arrives.</summary>
    SlowReader,

    /// <summary>The sender's buffer ceiling is below what the path could hold.</summary>
    SendBufferBelowBandwidthDelay,

    /// <summary>The application asked for a receive buffer, and the node's limit cut the request down.</summary>
    ReceiveBufferClamped,

    /// <summary>The same of a send buffer.</summary>
    SendBufferClamped,

    /// <summary>The connection was made without window scaling, or with too little of it.</summary>
    WindowScaleFixed,

    /// <summary>Segments found the receiving socket's backlog full.</summary>
    SocketBacklogOverflow,

    /// <summary>The kernel spends its time on squeezing a receive queue.</summary>
    ReceiveQueueCollapse,

    /// <summary>A bulk sender keeps a queue full.</summary>
    Bufferbloat,

    /// <summary>Packets are lost for other reasons than a full queue.</summary>
    NonCongestionLoss,

    /// <summary>Somebody drops what comes faster than allowed.</summary>
    Policer,

    /// <summary>Packets overtake each other.</summary>
    Reordering,

    /// <summary>Others fill the path.</summary>
    CrossTraffic,

    /// <summary>The application has no more to send.</summary>
    ApplicationLimited,

    /// <summary>Large packets vanish on the way and nobody says so.</summary>
    PathMtuBlackHole,

    /// <summary>After each pause the congestion window begins anew.</summary>
    IdleRestart,

    /// <summary>What is urgent waits behind bulk data in the send buffer.</summary>
    HeadOfLineBlocking,

    /// <summary>The least retransmission timeout is many round trips.</summary>
    RetransmissionTimeoutFloor,

    /// <summary>A connection with little in flight waits for timers that double.</summary>
    ThinStreamBackoff,

    /// <summary>New connections begin with what was remembered of a bad time.</summary>
    StaleRouteMetrics,

    /// <summary>The accept queue, as long as net.core.somaxconn allows, is too short for bursts.</summary>
    AcceptQueueOverflow,

    /// <summary>The accept queue is as long as the application asked for, and too short.</summary>
    ApplicationBacklogTooShort,

    /// <summary>The application accepts more slowly than connections come.</summary>
    AcceptsTooSlowly,

    /// <summary>More handshakes are under way than the SYN queue holds.</summary>
    SynQueueOverflow,

    /// <summary>Handshakes are begun that nobody completes.</summary>
    SynFlood,

    /// <summary>No local port is free for a destination.</summary>
    LocalPortsExhausted,

    /// <summary>More sockets are in TIME_WAIT than may be.</summary>
    TimeWaitTableFull,

    /// <summary>The table of tracked connections is full.</summary>
    ConntrackFull,

    /// <summary>Tracked connections clash, though there is room.</summary>
    ConntrackClash,

    /// <summary>Bursts of datagrams overrun a socket's buffer.</summary>
    UdpReceiveBuffer,

    /// <summary>More datagrams come than are read, all the time.</summary>
    UdpReceiverOverloaded,

    /// <summary>All UDP sockets together are at the node's limit.</summary>
    UdpMemoryExhausted,

    /// <summary>All TCP sockets together are at the node's limit.</summary>
    TcpMemoryExhausted,

    /// <summary>Fragments that wait take all the memory that they may.</summary>
    ReassemblyMemory,

    /// <summary>Fragments are lost on the way.</summary>
    FragmentLoss,

    /// <summary>The node's one table of neighbours is full.</summary>
    NeighbourTableFull,

    /// <summary>Somebody asks for neighbours that do not exist.</summary>
    NeighbourScan,

    /// <summary>A processor's queue of packets is too short for bursts.</summary>
    SoftnetBacklog,

    /// <summary>A processor is busy with packets all the time.</summary>
    SoftnetSaturated,

    /// <summary>A round of packet processing ends too early.</summary>
    SoftnetBudget,

    /// <summary>The network card's ring is too short.</summary>
    NicRing,

    /// <summary>Packets come by another interface than their answers would leave by.</summary>
    ReversePathFilter,

    /// <summary>The node answers fewer ICMP messages than it is asked for.</summary>
    IcmpRateLimit,

    /// <summary>Connections to peers that answer no more.</summary>
    DeadPeers,

    /// <summary>A resolver leaves queries unanswered.</summary>
    ResolverSilent,
}
