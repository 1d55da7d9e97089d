namespace NetPulse.Lab.Forwarding;

/// <summary>What became of the packets of one direction.</summary>
/// <param name="DroppedPackets">Found the queue full, or were refused by the receiving pod's device.</param>
/// <param name="QueueBytes">What waits at the bottleneck now.</param>
public readonly record struct LinkCounters(long ForwardedPackets, long ForwardedBytes, long DroppedPackets, long QueueBytes)
{
    /// <summary>Lost on the wire.</summary>
    public long LostPackets { get; init; }

    /// <summary>Came faster than the policer lets through.</summary>
    public long PolicedPackets { get; init; }

    /// <summary>Larger than the path's MTU.</summary>
    public long OversizedPackets { get; init; }

    /// <summary>Sent on with a congestion mark.</summary>
    public long MarkedPackets { get; init; }

    /// <summary>Given an extra delay.</summary>
    public long ReorderedPackets { get; init; }
}
