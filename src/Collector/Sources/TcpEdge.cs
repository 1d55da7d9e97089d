using System.Collections.Immutable;
using NetPulse.Collector.Kernel;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources;

/// <summary>Who talks to whom.</summary>
/// <param name="ServerPort">The listening side's; 0 for all that are folded into the peer <c>other</c>.</param>
/// <param name="Role">Of <paramref name="Owner"/>.</param>
public sealed record TcpEdgeKey(WorkloadIdentity Owner, WorkloadIdentity Peer, ushort ServerPort, EdgeRole Role);

/// <summary>What the connections of one edge did: counters since we began, gauges over those that the last fold has met.</summary>
internal sealed class TcpEdge(TcpEdgeKey key, string node)
{
    private static readonly string[] Reasons = ["refused", "timed-out", "unreachable", "other", "no-local-port"];

    private static readonly ImmutableArray<double> RttBounds = [.. RttHistogram.UpperBoundMicroseconds.ToArray().Select(microseconds => microseconds / 1e6)];

    private readonly Dictionary<(string Metric, string Further), LabelSet> labels = [];
    private readonly long[] failures = new long[ConnectFailures.Reasons];
    private TcpCounters total;
    private long closed;
    private long resetsSent;
    private long resetsReceived;
    private HistogramSeries? smoothedRtts;
    private HistogramSeries? minimumRtts;
    private HistogramSeries? connects;
    private Gauges open;

    public TcpEdgeKey Key { get; } = key;

    /// <summary>When a connection of it was last open or ended.</summary>
    public DateTimeOffset LastUse { get; private set; }

    public void BeginReading() => open = default;

    public void Add(in TcpEnded ended, DateTimeOffset now)
    {
        total += ended.Counters;
        closed++;
        LastUse = now;
        Observe(ref smoothedRtts, TcpMetrics.Rtt, ended.SmoothedRttMicroseconds);
        Observe(ref minimumRtts, TcpMetrics.MinimumRtt, ended.MinimumRttMicroseconds);
    }

    /// <param name="hasGauges">Whether the row's gauges are of the last fold.</param>
    public void Add(ref readonly TcpEdgeRow row, bool hasGauges, DateTimeOffset now)
    {
        total += row.Counters;
        closed += (long)row.Closed;
        resetsSent += (long)row.ResetsSent;
        resetsReceived += (long)row.ResetsReceived;
        LastUse = now;
        for (var reason = 0; reason < ConnectFailures.Reasons; reason++)
        {
            failures[reason] += row.Failures[reason];
        }

        Add(ref smoothedRtts, TcpMetrics.Rtt, in row.SmoothedRtt, row.SmoothedRttSum);
        Add(ref minimumRtts, TcpMetrics.MinimumRtt, in row.MinimumRtt, row.MinimumRttSum);
        Add(ref connects, TcpMetrics.ConnectDuration, in row.Connect, row.ConnectSum);
        if (hasGauges)
        {
            open.Add(in row);
        }
    }

    /// <param name="samples">Where it is written.</param>
    /// <param name="jiffiesPerSecond">Without it, the times stay away from this reading.</param>
    public void Write(SampleWriter samples, double? jiffiesPerSecond)
    {
        Write(samples, TcpMetrics.IoBytes, total.PayloadSentBytes, LabelNames.Transmit);
        Write(samples, TcpMetrics.IoBytes, total.PayloadReceivedBytes, LabelNames.Receive);
        Write(samples, TcpMetrics.Segments, total.SegmentsOut, LabelNames.Transmit);
        Write(samples, TcpMetrics.Segments, total.SegmentsIn, LabelNames.Receive);
        Write(samples, TcpMetrics.Retransmits, total.SegmentsRetransmitted);
        Write(samples, TcpMetrics.RetransmittedBytes, total.RetransmittedBytes);
        Write(samples, TcpMetrics.SpuriousRetransmits, total.DuplicatesReported);
        Write(samples, TcpMetrics.Reorderings, total.Reorderings);
        if (jiffiesPerSecond is { } hz)
        {
            Write(samples, TcpMetrics.BusySeconds, total.BusyJiffies / hz);
            Write(samples, TcpMetrics.ReceiveWindowLimitedSeconds, total.ReceiveWindowLimitedJiffies / hz);
            Write(samples, TcpMetrics.SendBufferLimitedSeconds, total.SendBufferLimitedJiffies / hz);
        }

        Write(samples, TcpMetrics.Resets, resetsSent, LabelNames.Transmit);
        Write(samples, TcpMetrics.Resets, resetsReceived, LabelNames.Receive);
        if (Key.Role == EdgeRole.Client)
        {
            for (var reason = 0; reason < Reasons.Length; reason++)
            {
                Write(samples, TcpMetrics.ConnectFailures, failures[reason], Reasons[reason], LabelNames.Reason);
            }
        }

        Write(samples, TcpMetrics.ConnectionsClosed, closed);
        Write(samples, TcpMetrics.Rtt, smoothedRtts);
        Write(samples, TcpMetrics.MinimumRtt, minimumRtts);
        Write(samples, TcpMetrics.ConnectDuration, connects);
        Write(samples, TcpMetrics.Connections, open.Connections);
        if (open.Connections > 0)
        {
            WriteOpen(samples);
        }
    }

    private void WriteOpen(SampleWriter samples)
    {
        if (open.RttMeasured > 0)
        {
            Write(samples, TcpMetrics.SmoothedRtt, open.SmoothedRttMicrosecondsSum / open.RttMeasured / 1e6);
        }

        if (open.RateMeasured > 0)
        {
            Write(samples, TcpMetrics.DeliveryRate, open.RateBytesPerSecondSum / open.RateMeasured);
        }

        Write(samples, TcpMetrics.ZeroWindow, open.ZeroWindow);
        Write(samples, TcpMetrics.SendWindow, open.SendWindowBytesSum / open.Connections);
        Write(samples, TcpMetrics.CongestionWindow, open.CongestionWindowBytesSum / open.Connections);
        Write(samples, TcpMetrics.ReceiveBuffer, open.LargestReceiveBufferBytes);
        Write(samples, TcpMetrics.ReceiveQueue, open.LargestReceiveQueueBytes);
        Write(samples, TcpMetrics.ReceiveBufferLocked, open.ReceiveBuffersLocked);
        Write(samples, TcpMetrics.SendBuffer, open.LargestSendBufferBytes);
        Write(samples, TcpMetrics.SendBufferLocked, open.SendBuffersLocked);
        Write(samples, TcpMetrics.NotSent, open.LargestNotSentBytes);
        Write(samples, TcpMetrics.WithoutDelay, open.WithoutDelay);
        Write(samples, TcpMetrics.SelfPaced, open.SelfPaced);
        Write(samples, TcpMetrics.BackedOff, open.BackedOff);
        if (open.SlowStartThresholdsKnown > 0)
        {
            Write(samples, TcpMetrics.SlowStartThreshold, open.SlowStartThresholdBytesSum / open.SlowStartThresholdsKnown);
        }
    }

    private void Observe(ref HistogramSeries? histogram, MetricDefinition metric, uint microseconds)
    {
        if (microseconds != 0)
        {
            (histogram ??= NewHistogram(metric)).Observe(microseconds / 1e6);
        }
    }

    private void Add(ref HistogramSeries? histogram, MetricDefinition metric, ref readonly RttHistogram counts, ulong sumMicroseconds)
    {
        for (var bucket = 0; bucket < RttHistogram.Buckets; bucket++)
        {
            if (counts[bucket] != 0)
            {
                (histogram ??= NewHistogram(metric)).AddCount(bucket, counts[bucket]);
            }
        }

        histogram?.AddSum(sumMicroseconds / 1e6);
    }

    private HistogramSeries NewHistogram(MetricDefinition metric) => new(LabelsOf(metric, "", ""), RttBounds);

    private static void Write(SampleWriter samples, MetricDefinition metric, HistogramSeries? histogram)
    {
        if (histogram is not null)
        {
            samples.Write(metric, histogram);
        }
    }

    private void Write(SampleWriter samples, MetricDefinition metric, double value, string further = "", string name = LabelNames.Direction)
    {
        if (!labels.TryGetValue((metric.Name, further), out var series))
        {
            series = LabelsOf(metric, name, further);
            labels.Add((metric.Name, further), series);
        }

        samples.Write(metric, series, value);
    }

    private LabelSet LabelsOf(MetricDefinition metric, string name, string value) => EdgeLabels.Of(metric, node, Key, value.Length == 0 ? [] : [(name, value)]);

    /// <summary>Of the open connections, over all the rows of the edge.</summary>
    private struct Gauges
    {
        public long Connections;
        public long RttMeasured;
        public long RateMeasured;
        public long ZeroWindow;
        public long ReceiveBuffersLocked;
        public uint LargestReceiveBufferBytes;
        public uint LargestReceiveQueueBytes;
        public double SmoothedRttMicrosecondsSum;
        public double RateBytesPerSecondSum;
        public double SendWindowBytesSum;
        public double CongestionWindowBytesSum;
        public uint LargestSendBufferBytes;
        public long SendBuffersLocked;
        public uint LargestNotSentBytes;
        public long WithoutDelay;
        public long SelfPaced;
        public long BackedOff;
        public long SlowStartThresholdsKnown;
        public double SlowStartThresholdBytesSum;

        public void Add(ref readonly TcpEdgeRow row)
        {
            Connections += row.Open;
            RttMeasured += row.RttMeasured;
            RateMeasured += row.RateMeasured;
            ZeroWindow += row.ZeroWindow;
            ReceiveBuffersLocked += row.ReceiveBuffersLocked;
            LargestReceiveBufferBytes = Math.Max(LargestReceiveBufferBytes, row.LargestReceiveBufferBytes);
            LargestReceiveQueueBytes = Math.Max(LargestReceiveQueueBytes, row.LargestReceiveQueueBytes);
            SmoothedRttMicrosecondsSum += row.OpenSmoothedRttSum;
            RateBytesPerSecondSum += row.RateBytesPerSecondSum;
            SendWindowBytesSum += row.SendWindowBytesSum;
            CongestionWindowBytesSum += row.CongestionWindowBytesSum;
            LargestSendBufferBytes = Math.Max(LargestSendBufferBytes, row.LargestSendBufferBytes);
            SendBuffersLocked += row.SendBuffersLocked;
            LargestNotSentBytes = Math.Max(LargestNotSentBytes, row.LargestNotSentBytes);
            WithoutDelay += row.WithoutDelay;
            SelfPaced += row.SelfPaced;
            BackedOff += row.BackedOff;
            SlowStartThresholdsKnown += row.SlowStartThresholdsKnown;
            SlowStartThresholdBytesSum += row.SlowStartThresholdBytesSum;
        }
    }
}
