namespace NetPulse.Lab.Forwarding;

/// <summary>What one direction of a path does to packets.</summary>
/// <param name="Delay">One way, after the bottleneck.</param>
/// <param name="BitsPerSecond">The bottleneck's rate, in IP packets (no link header is added).</param>
/// <param name="QueueBytes">What may wait at the bottleneck, the packet that is being sent included; more is dropped at the tail.</param>
public sealed record LinkSettings(TimeSpan Delay, long BitsPerSecond, long QueueBytes);
