using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Detectors;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Units;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>What both ends of an edge measured since the trouble began. <see langword="null"/> where nobody measured it.</summary>
public sealed record ConnectionEvidence
{
    /// <summary>Seen from the sender.</summary>
    public required Edge Edge { get; init; }

    public required TimeRange Range { get; init; }

    /// <summary>Begin of the trouble.</summary>
    public required DateTimeOffset Onset { get; init; }

    /// <summary>Payload that the sender sent, mean over the range.</summary>
    public required BytesPerSecond Throughput { get; init; }

    /// <summary>The most that the edge carried in the detection window: what the path is known to hold.</summary>
    public required BytesPerSecond BestThroughput { get; init; }

    /// <summary>The throughput that would have been normal at the onset, in bytes per second; <see langword="null"/> where it is not the throughput that left.</summary>
    public NormalRange? UsualThroughput { get; init; }

    /// <summary>Open connections, mean.</summary>
    public double? Connections { get; init; }

    /// <summary>Smoothed, mean over the range.</summary>
    public TimeSpan? RoundTripTime { get; init; }

    /// <summary>The smallest smoothed one since the trouble began: the path itself, without what the edge's own traffic adds by waiting in its queue.</summary>
    public TimeSpan? PathRoundTripTime { get; init; }

    /// <summary>Share of the sender's busy time in which the receiver's window stopped it: 0 to 1.</summary>
    public double? ReceiveWindowLimitedShare { get; init; }

    /// <summary>Share of the sender's busy time in which its own buffer stopped it: 0 to 1.</summary>
    public double? SendBufferLimitedShare { get; init; }

    /// <summary>Retransmitted segments per segment sent: 0 to 1.</summary>
    public double? RetransmittedShare { get; init; }

    /// <summary>Window that the receiver offers to one connection, bytes.</summary>
    public double? SendWindowBytes { get; init; }

    /// <summary>Largest receive buffer of a connection at the receiver, bytes.</summary>
    public double? ReceiveBufferBytes { get; init; }

    /// <summary>Bytes that the receiving application has not read yet, median over the range of the fullest connection.</summary>
    public double? ReceiveQueueBytes { get; init; }

    /// <summary>Connections whose application fixed its receive buffer.</summary>
    public double? LockedReceiveBuffers { get; init; }

    /// <summary>Times per second that the receiver's namespace closed a window.</summary>
    public double? ZeroWindowsPerSecond { get; init; }

    /// <summary>net.ipv4.tcp_rmem in force in the receiver's network namespace, bytes.</summary>
    public TcpBufferLimits? ReceiveLimits { get; init; }
}

/// <summary>The three numbers of net.ipv4.tcp_rmem or tcp_wmem, bytes.</summary>
public sealed record TcpBufferLimits(long Minimum, long Default, long Maximum)
{
    /// <summary>As the kernel reads it.</summary>
    public override string ToString() => $"{Minimum} {Default} {Maximum}";
}
