namespace NetPulse.Optimizer.Detection;

/// <summary>What a series measures. Kept in files by number: new ones come last.</summary>
public enum Signal
{
    /// <summary>Payload that an edge's owner sends.</summary>
    Throughput,

    /// <summary>Smoothed round-trip time of an edge.</summary>
    RoundTripTime,

    // Errors in themselves, of a network namespace.
    ListenOverflows,
    SynQueueDrops,
    SynCookies,
    NoLocalPort,
    ConnectTimeouts,
    TimeWaitOverflows,
    ConntrackDrops,
    ConntrackEarlyDrops,
    ConntrackInsertFailures,
    UdpReceiveBufferErrors,
    UdpMemoryErrors,
    ReassemblyFails,
    ReversePathDrops,
    ReceiveQueueDrops,
    ReceivePrunes,
    BacklogDrops,
    TimeoutAborts,
    DnsTimeouts,

    // Of a node.
    NeighbourTableFull,
    SoftnetDrops,
    TcpMemoryPressure,
    TcpMemoryAborts,
    DriverDrops,

    // Counts that are usual up to a point.
    Timeouts,

    // Shapes of an edge that are wrong without a past to compare them with.
    WindowLimitedShare,
    SendBufferLimitedShare,
    RetransmittedShare,
    StalledShare,
    QueueingDelay,
    ConnectDuration,
    WindowCollapses,
    NotSentBytes,
    IcmpRateLimited,

    // Usual up to a point, by their own past.
    Retransmits,
    PacketDrops,
    DnsFailures,
    DnsAnswerTime,

    // An error in itself that came later.
    ListenDrops,

    // A shape that came later.
    SlowStartThreshold,
}

/// <summary>Signals in words.</summary>
internal static class SignalText
{
    /// <returns>The name, and the unit as <see cref="Quantity"/> takes it.</returns>
    public static (string Name, string Unit) Of(Signal signal) => signal switch
    {
        Signal.Throughput => ("throughput", "bytes/s"),
        Signal.RoundTripTime => ("round-trip time", "s"),
        Signal.ListenOverflows => ("connections that found the accept queue full", "1/s"),
        Signal.SynQueueDrops => ("SYNs dropped because the SYN queue was full", "1/s"),
        Signal.SynCookies => ("SYNs answered with a cookie because the SYN queue was full", "1/s"),
        Signal.NoLocalPort => ("connects without a free local port", "1/s"),
        Signal.ConnectTimeouts => ("connects timed out", "1/s"),
        Signal.TimeWaitOverflows => ("sockets dropped from a full TIME_WAIT table", "1/s"),
        Signal.ConntrackDrops => ("packets dropped by connection tracking", "1/s"),
        Signal.ConntrackEarlyDrops => ("tracked connections thrown out early", "1/s"),
        Signal.ConntrackInsertFailures => ("tracked connections that could not be entered", "1/s"),
        Signal.UdpReceiveBufferErrors => ("datagrams that found the receive buffer full", "1/s"),
        Signal.UdpMemoryErrors => ("datagrams dropped for UDP's memory limit", "1/s"),
        Signal.ReassemblyFails => ("fragments that were not put together", "1/s"),
        Signal.ReversePathDrops => ("packets dropped by rp_filter", "1/s"),
        Signal.ReceiveQueueDrops => ("segments that found the receive buffer full", "1/s"),
        Signal.ReceivePrunes => ("receive queues pruned", "1/s"),
        Signal.BacklogDrops => ("segments that found the socket's backlog full", "1/s"),
        Signal.TimeoutAborts => ("connections given up after too many timeouts", "1/s"),
        Signal.DnsTimeouts => ("DNS queries without an answer", "1/s"),
        Signal.NeighbourTableFull => ("neighbours that found the table full", "1/s"),
        Signal.SoftnetDrops => ("packets that found a processor's backlog full", "1/s"),
        Signal.TcpMemoryPressure => ("times that TCP came under memory pressure", "1/s"),
        Signal.TcpMemoryAborts => ("connections given up for lack of memory", "1/s"),
        Signal.DriverDrops => ("packets that the network card's driver lost", "1/s"),
        Signal.Timeouts => ("retransmission timeouts", "1/s"),
        Signal.WindowLimitedShare => ("time stopped by the receive window", ""),
        Signal.SendBufferLimitedShare => ("time stopped by the send buffer", ""),
        Signal.RetransmittedShare => ("segments sent again", ""),
        Signal.StalledShare => ("time busy without progress", ""),
        Signal.QueueingDelay => ("round-trip time above that of the path", "s"),
        Signal.ConnectDuration => ("time to connect", "s"),
        Signal.WindowCollapses => ("falls of the congestion window without a loss", "1/s"),
        Signal.NotSentBytes => ("bytes that wait before they are sent", "bytes"),
        Signal.Retransmits => ("segments sent again", "1/s"),
        Signal.PacketDrops => ("packets dropped by the kernel", "1/s"),
        Signal.DnsFailures => ("DNS queries that failed", "1/s"),
        Signal.DnsAnswerTime => ("time to an answer of DNS", "s"),
        Signal.ListenDrops => ("SYNs and handshakes that a listener dropped", "1/s"),
        Signal.SlowStartThreshold => ("slow-start threshold of connections without a loss", "bytes"),
        _ => ("ICMP messages not sent because of their rate limit", "1/s"),
    };
}
