using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Detectors;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Units;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>What both ends of an edge measured since the trouble began. <see langword="null"/> where nobody measured it.</summary>
public sealed record ConnectionEvidence
{
    /// <summary>Seen from the sender.</summary>
    public required Edge Edge { get; init; }

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

    /// <summary>From what both ends reported.</summary>
    /// <param name="traffic">The edge's in the detection window.</param>
    /// <param name="usual">Throughput that would have been normal.</param>
    /// <param name="onset">Begin of the trouble.</param>
    /// <param name="range">What the readings span.</param>
    /// <param name="sender">The network namespace that sends.</param>
    /// <param name="receiver">The one that receives; nothing where it is no pod of ours.</param>
    public static ConnectionEvidence Of(EdgeTraffic traffic, NormalRange? usual, DateTimeOffset onset, TimeRange range, Readings sender, Readings receiver)
    {
        var edge = traffic.Edge;
        var (ours, theirs) = (edge.Labels(), edge.LabelsAtPeer());
        var busy = PositiveOrNone(sender.Increase(TcpMetrics.BusySeconds, ours));
        var sent = PositiveOrNone(sender.Increase(TcpMetrics.Segments, [.. ours, (LabelNames.Direction, LabelNames.Transmit)]));
        return new ConnectionEvidence
        {
            Edge = edge,
            Throughput = new BytesPerSecond(MeanSince(traffic.Throughput, range.From)),
            BestThroughput = traffic.BestThroughput,
            UsualThroughput = usual,
            Connections = sender.Mean(TcpMetrics.Connections, ours),
            RoundTripTime = sender.Mean(TcpMetrics.SmoothedRtt, ours) is { } rtt ? TimeSpan.FromSeconds(rtt) : null,
            PathRoundTripTime = Least(traffic.RoundTripTime, onset) is { } least ? TimeSpan.FromSeconds(least) : null,
            ReceiveWindowLimitedShare = sender.Increase(TcpMetrics.ReceiveWindowLimitedSeconds, ours) / busy,
            SendBufferLimitedShare = sender.Increase(TcpMetrics.SendBufferLimitedSeconds, ours) / busy,
            RetransmittedShare = sender.Increase(TcpMetrics.Retransmits, ours) / sent,
            SendWindowBytes = sender.Mean(TcpMetrics.SendWindow, ours),
            ReceiveBufferBytes = receiver.Last(TcpMetrics.ReceiveBuffer, theirs),
            ReceiveQueueBytes = receiver.Median(TcpMetrics.ReceiveQueue, theirs),
            LockedReceiveBuffers = receiver.Last(TcpMetrics.ReceiveBufferLocked, theirs),
            ZeroWindowsPerSecond = receiver.PerSecond(NamespaceMetrics.ZeroWindowAdvertised) + receiver.PerSecond(NamespaceMetrics.ZeroWindowWanted),
            ReceiveLimits = receiver.Limits("net.ipv4.tcp_rmem"),
        };
    }

    private static double? PositiveOrNone(double? value) => value > 0 ? value : null;

    private static double? Least(TimeSeries series, DateTimeOffset from)
    {
        var least = double.PositiveInfinity;
        for (var i = 0; i < series.Count; i++)
        {
            least = series.At(i) >= from ? Math.Min(least, series.Values.Span[i]) : least;
        }

        return double.IsFinite(least) ? least : null;
    }

    private static double MeanSince(TimeSeries series, DateTimeOffset from)
    {
        var since = Enumerable.Range(0, series.Count).Where(i => series.At(i) > from).Select(i => series.Values.Span[i]).ToList();
        return since.Count == 0 ? 0 : since.Average();
    }
}

/// <summary>The three numbers of net.ipv4.tcp_rmem or tcp_wmem, bytes.</summary>
public sealed record TcpBufferLimits(long Minimum, long Default, long Maximum)
{
    /// <summary>As the kernel reads it.</summary>
    public override string ToString() => $"{Minimum} {Default} {Maximum}";
}
