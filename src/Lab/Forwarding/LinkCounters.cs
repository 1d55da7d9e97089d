namespace NetPulse.Lab.Forwarding;

/// <summary>What became of the packets of one direction.</summary>
/// <param name="DroppedPackets">Found the queue full, or were refused by the receiving pod's device.</param>
/// <param name="QueueBytes">What waits at the bottleneck now.</param>
public readonly record struct LinkCounters(long ForwardedPackets, long ForwardedBytes, long DroppedPackets, long QueueBytes);
