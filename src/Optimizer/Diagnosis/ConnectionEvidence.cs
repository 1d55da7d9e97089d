using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Detectors;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Units;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>What both ends of an edge measured since the trouble began. <see langword="null"/> where nobody measured it.</summary>
public sealed record ConnectionEvidence
{
    /// <summary>A window that falls to less than this share of what it was has collapsed.</summary>
    private const double CollapsedShare = 0.6;

    /// <summary>A reading larger by this than the one before is on its way to somewhere.</summary>
    private const double ClimbingShare = 1.1;

    /// <summary>Round trips that are longer than the path's by less than this wait nowhere.</summary>
    private const double NoQueue = 1.15;

    /// <summary>While a sender slows down to what the path now allows, its rate says nothing of a ceiling.</summary>
    private static readonly TimeSpan Transition = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Recently = TimeSpan.FromSeconds(10);

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

    /// <summary>The smaller of the last two smoothed ones since the trouble began: the path itself, with little of what the edge's own traffic adds by waiting in its queue. Unknown while it still climbs.</summary>
    public TimeSpan? PathRoundTripTime { get; init; }

    /// <summary>Share of the sender's busy time in which the receiver's window stopped it: 0 to 1.</summary>
    public double? ReceiveWindowLimitedShare { get; init; }

    /// <summary>Share of the sender's busy time in which its own buffer stopped it: 0 to 1.</summary>
    public double? SendBufferLimitedShare { get; init; }

    /// <summary>Retransmitted segments per segment sent: 0 to 1.</summary>
    public double? RetransmittedShare { get; init; }

    /// <summary>The same, of the last ten seconds alone: what is lost no more is zero here.</summary>
    public double? RecentlyRetransmittedShare { get; init; }

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

    /// <summary>net.ipv4.tcp_wmem in force in the sender's network namespace, bytes.</summary>
    public TcpBufferLimits? SendLimits { get; init; }

    /// <summary>The smallest smoothed round-trip time of the detection window, also before the trouble.</summary>
    public TimeSpan? LowestRoundTripTime { get; init; }

    /// <summary>Mean of the smoothed round-trip times that connections observed over the range, and of the smallest that each knows.</summary>
    public TimeSpan? ObservedRoundTripTime { get; init; }

    public TimeSpan? ObservedPathRoundTripTime { get; init; }

    /// <summary>Time busy per time: above 1 where several connections are.</summary>
    public double? BusyShare { get; init; }

    /// <summary>Segments sent again.</summary>
    public double? Retransmits { get; init; }

    /// <summary>Payload of one of them, mean, bytes.</summary>
    public double? RetransmitBytes { get; init; }

    /// <summary>Share of the retransmits that the receiver had got already: 0 to 1.</summary>
    public double? SpuriousShare { get; init; }

    /// <summary>Times that the peer acknowledged segments in another order.</summary>
    public double? Reorderings { get; init; }

    /// <summary>Segments that came from the receiver.</summary>
    public double? SegmentsBack { get; init; }

    public double? ConnectionsClosed { get; init; }

    /// <summary>Time to connect, mean.</summary>
    public TimeSpan? ConnectTime { get; init; }

    /// <summary>Largest send buffer of a connection, bytes.</summary>
    public double? SendBufferBytes { get; init; }

    /// <summary>What is under way of one connection per its send buffer; the buffer also holds the kernel's bookkeeping, so that a full one is well below 1.</summary>
    public double? SendBufferFill => RoundTripTime is { } rtt && SendBufferBytes > 0 ? Throughput.BytesInFlight(rtt) / Math.Max(1, Connections ?? 1) / SendBufferBytes : null;

    /// <summary>Connections whose application fixed its send buffer.</summary>
    public double? LockedSendBuffers { get; init; }

    /// <summary>Written and not yet sent, median over the range of the fullest connection, bytes.</summary>
    public double? NotSentBytes { get; init; }

    /// <summary>The lower quartile of the same over the last five minutes: small where it was otherwise lately, large where the application always writes ahead.</summary>
    public double? UsuallyNotSentBytes { get; init; }

    /// <summary>Of one connection, mean, bytes.</summary>
    public double? CongestionWindowBytes { get; init; }

    /// <summary>Window at which slow start ends, mean over connections that have one, bytes.</summary>
    public double? SlowStartThresholdBytes { get; init; }

    /// <summary>The most that a connection had in flight in the last five minutes, or would have had at the end of slow start, bytes.</summary>
    public double? WidestWindowBytes { get; init; }

    /// <summary>Falls of the congestion window by two fifths or more from one reading to the next.</summary>
    public double? WindowCollapses { get; init; }

    /// <summary>Share of the connections whose congestion control decides on its own when to send: 0 to 1.</summary>
    public double? SelfPacedShare { get; init; }

    /// <summary>Connections with TCP_NODELAY.</summary>
    public double? WithoutDelay { get; init; }

    /// <summary>Connections that wait for a timer that has doubled, mean.</summary>
    public double? BackedOff { get; init; }

    /// <summary>Share of the readings in which something was sent again: 0 to 1.</summary>
    public double? LossyReadings { get; init; }

    /// <summary>The highest rate of the range, what was sent again with it, per its mean: near 1 where something keeps a ceiling.</summary>
    public double? PeakToMean { get; init; }

    /// <summary>Whether the path is known to carry more.</summary>
    internal bool IsBelowBest => Throughput.Value < 0.8 * BestThroughput.Value;

    /// <summary>Whether a window may be what limits. Without a better past, only where nothing waits in a queue on the way: then the path is not full.</summary>
    internal Evidence ShortOfPath => new(
        "throughput", Throughput.ToString(), $"below 80 % of the {BestThroughput} seen before, or without any queue on the path",
        IsBelowBest || (ReceiveWindowLimitedShare > 0.5 && ObservedRoundTripTime <= NoQueue * ObservedPathRoundTripTime));

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
        var connections = sender.Mean(TcpMetrics.Connections, ours);
        var retransmits = sender.Increase(TcpMetrics.Retransmits, ours);
        var recent = sender.Since(range.To - Recently);
        return new ConnectionEvidence
        {
            Edge = edge,
            Throughput = new BytesPerSecond(MeanSince(traffic.Throughput, range.From)),
            BestThroughput = traffic.BestThroughput,
            UsualThroughput = usual,
            Connections = connections,
            RoundTripTime = Seconds(sender.Mean(TcpMetrics.SmoothedRtt, ours)),
            PathRoundTripTime = Seconds(Settled(traffic.RoundTripTime, onset)),
            ReceiveWindowLimitedShare = sender.Increase(TcpMetrics.ReceiveWindowLimitedSeconds, ours) / busy,
            SendBufferLimitedShare = sender.Increase(TcpMetrics.SendBufferLimitedSeconds, ours) / busy,
            RetransmittedShare = retransmits / sent,
            RecentlyRetransmittedShare = recent.Increase(TcpMetrics.Retransmits, ours) / PositiveOrNone(recent.Increase(TcpMetrics.Segments, [.. ours, (LabelNames.Direction, LabelNames.Transmit)])),
            SendWindowBytes = sender.Mean(TcpMetrics.SendWindow, ours),
            ReceiveBufferBytes = receiver.Last(TcpMetrics.ReceiveBuffer, theirs),
            ReceiveQueueBytes = receiver.Median(TcpMetrics.ReceiveQueue, theirs),
            LockedReceiveBuffers = receiver.Last(TcpMetrics.ReceiveBufferLocked, theirs),
            ZeroWindowsPerSecond = receiver.PerSecond(NamespaceMetrics.ZeroWindowAdvertised) + receiver.PerSecond(NamespaceMetrics.ZeroWindowWanted),
            ReceiveLimits = receiver.Limits("net.ipv4.tcp_rmem"),
            SendLimits = sender.Limits("net.ipv4.tcp_wmem"),
            LowestRoundTripTime = Seconds(Least(traffic.RoundTripTime, DateTimeOffset.MinValue)),
            ObservedRoundTripTime = Seconds(MeanOf(TcpMetrics.Rtt)),
            ObservedPathRoundTripTime = Seconds(MeanOf(TcpMetrics.MinimumRtt)),
            BusyShare = sender.PerSecond(TcpMetrics.BusySeconds, ours),
            Retransmits = retransmits,
            RetransmitBytes = sender.Increase(TcpMetrics.RetransmittedBytes, ours) / PositiveOrNone(retransmits),
            SpuriousShare = sender.Increase(TcpMetrics.SpuriousRetransmits, ours) / PositiveOrNone(retransmits),
            Reorderings = sender.Increase(TcpMetrics.Reorderings, ours),
            SegmentsBack = sender.Increase(TcpMetrics.Segments, [.. ours, (LabelNames.Direction, LabelNames.Receive)]),
            ConnectionsClosed = sender.Increase(TcpMetrics.ConnectionsClosed, ours),
            ConnectTime = Seconds(MeanOf(TcpMetrics.ConnectDuration)),
            SendBufferBytes = sender.Last(TcpMetrics.SendBuffer, ours),
            LockedSendBuffers = sender.Last(TcpMetrics.SendBufferLocked, ours),
            NotSentBytes = sender.Median(TcpMetrics.NotSent, ours),
            CongestionWindowBytes = sender.Mean(TcpMetrics.CongestionWindow, ours),
            SlowStartThresholdBytes = sender.Mean(TcpMetrics.SlowStartThreshold, ours),
            WindowCollapses = sender.Falls(TcpMetrics.CongestionWindow, CollapsedShare, ours),
            SelfPacedShare = sender.Mean(TcpMetrics.SelfPaced, ours) / PositiveOrNone(connections),
            WithoutDelay = sender.Mean(TcpMetrics.WithoutDelay, ours),
            BackedOff = sender.Mean(TcpMetrics.BackedOff, ours),
            LossyReadings = sender.GrowingShare(TcpMetrics.Retransmits, ours),
            PeakToMean = sender.Since(range.From + Transition).PeakToMean(TcpMetrics.Segments, [.. ours, (LabelNames.Direction, LabelNames.Transmit)]),
        };

        double? MeanOf(MetricDefinition histogram) => sender.Increase($"{histogram.Name}_sum", ours) / PositiveOrNone(sender.Increase($"{histogram.Name}_count", ours));
    }

    private static TimeSpan? Seconds(double? value) => value is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    private static double? PositiveOrNone(double? value) => value > 0 ? value : null;

    /// <summary>A smoothed value follows a step over many round trips: what is computed from one midway is too small.</summary>
    private static double? Settled(TimeSeries series, DateTimeOffset from)
    {
        if (series.Count == 0 || series.At(series.Count - 1) < from)
        {
            return null;
        }

        var last = series.Values.Span[^1];
        var before = series.Count > 1 ? series.Values.Span[^2] : last;
        return last > ClimbingShare * before ? null : series.Count > 1 && series.At(series.Count - 2) >= from ? Math.Min(before, last) : last;
    }

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
