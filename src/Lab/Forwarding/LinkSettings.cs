namespace NetPulse.Lab.Forwarding;

/// <summary>What one direction of a path does to packets, in this order: police, refuse what is too large, queue and mark, send at the rate, lose, delay, reorder.</summary>
/// <param name="Delay">One way, after the bottleneck.</param>
/// <param name="BitsPerSecond">The bottleneck's rate, in IP packets (no link header is added).</param>
/// <param name="QueueBytes">What may wait at the bottleneck, the packet that is being sent included; more is dropped at the tail.</param>
public sealed record LinkSettings(TimeSpan Delay, long BitsPerSecond, long QueueBytes)
{
    /// <summary>Lost on the wire, whatever the rate; <see langword="null"/>: nothing.</summary>
    public Loss? Loss { get; init; }

    /// <summary><see langword="null"/>: packets keep their order.</summary>
    public Reordering? Reordering { get; init; }

    /// <summary><see langword="null"/>: whatever the pods' devices send passes.</summary>
    public PathMtu? Mtu { get; init; }

    /// <summary>A packet that finds more bytes than these in the queue and can carry a mark (ECT) is marked (CE), RFC 3168; <see langword="null"/>: never.</summary>
    public long? MarkAboveBytes { get; init; }

    /// <summary><see langword="null"/>: none.</summary>
    public Policer? Policer { get; init; }
}

/// <summary>How packets are lost.</summary>
public abstract record Loss
{
    private Loss()
    {
    }

    /// <summary>Each by itself.</summary>
    /// <param name="Share">0 to 1.</param>
    public sealed record Independent(double Share) : Loss;

    /// <summary>In bursts: two states, of which only the bad one loses (Gilbert 1960, Elliott 1963).</summary>
    /// <param name="Begins">Probability, at each packet, of going from good to bad.</param>
    /// <param name="Ends">Probability, at each packet, of going from bad to good.</param>
    /// <param name="ShareWhileBad">0 to 1, in the bad state.</param>
    public sealed record Bursty(double Begins, double Ends, double ShareWhileBad) : Loss;
}

/// <summary>Packets that come late and are overtaken.</summary>
/// <param name="Share">0 to 1, of all packets.</param>
/// <param name="By">How much later than the rest.</param>
public sealed record Reordering(double Share, TimeSpan By);

/// <summary>The largest packet that passes. What is larger is dropped, whether or not it may be fragmented: the lab's routers fragment nothing.</summary>
/// <param name="Bytes">Of the IP packet.</param>
/// <param name="IsTold">Whether the sender is told by ICMP ("fragmentation needed", RFC 1191) when it set "don't fragment".</param>
public sealed record PathMtu(int Bytes, bool IsTold);

/// <summary>A token bucket that drops what comes faster; it has no queue.</summary>
public sealed record Policer(long BitsPerSecond, long BurstBytes);
