using NetPulse.Collector.Kernel;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources;

/// <summary>Who talks to whom.</summary>
/// <param name="IsServer">Whether <paramref name="Owner"/> is the side that listens on <paramref name="ServerPort"/>.</param>
public sealed record TcpEdgeKey(WorkloadIdentity Owner, WorkloadIdentity Peer, ushort ServerPort, bool IsServer);

/// <summary>What the connections of one edge did: counters since we began, gauges over those that the current walk has met.</summary>
internal sealed class TcpEdge(TcpEdgeKey key, string node)
{
    private const uint NotMeasured = uint.MaxValue;

    private readonly Dictionary<(string Metric, string Direction), LabelSet> labels = [];
    private TcpCounters total;
    private long closed;
    private int open;
    private long measured;
    private double smoothedRttMicrosecondsSum;
    private uint minimumRttMicroseconds;
    private double sendWindowBytesSum;
    private double congestionWindowBytesSum;
    private uint largestReceiveBufferBytes;
    private uint largestReceiveQueueBytes;
    private int locked;

    public TcpEdgeKey Key { get; } = key;

    /// <summary>When a connection of it was last open or ended.</summary>
    public DateTimeOffset LastUse { get; private set; }

    public void BeginWalk()
    {
        open = locked = 0;
        measured = 0;
        smoothedRttMicrosecondsSum = sendWindowBytesSum = congestionWindowBytesSum = 0;
        minimumRttMicroseconds = NotMeasured;
        largestReceiveBufferBytes = largestReceiveQueueBytes = 0;
    }

    public void Add(in TcpCounters increase) => total += increase;

    public void CountClosed(DateTimeOffset now)
    {
        closed++;
        LastUse = now;
    }

    public void CountOpen(in TcpRecord record, DateTimeOffset now)
    {
        open++;
        LastUse = now;
        if (record.SmoothedRttEighthMicroseconds != 0)
        {
            measured++;
            smoothedRttMicrosecondsSum += record.SmoothedRttEighthMicroseconds / 8.0;
        }

        minimumRttMicroseconds = Math.Min(minimumRttMicroseconds, record.MinimumRttMicroseconds);
        sendWindowBytesSum += record.SendWindowBytes;
        congestionWindowBytesSum += (double)record.CongestionWindowSegments * record.MaximumSegmentBytes;
        largestReceiveBufferBytes = Math.Max(largestReceiveBufferBytes, record.ReceiveBufferBytes);
        largestReceiveQueueBytes = Math.Max(largestReceiveQueueBytes, record.ReceiveQueueBytes);
        locked += record.IsReceiveBufferLocked ? 1 : 0;
    }

    /// <param name="jiffiesPerSecond">Without it, the times stay away from this reading.</param>
    public void Write(SampleWriter samples, double? jiffiesPerSecond)
    {
        Write(samples, TcpMetrics.IoBytes, total.PayloadSentBytes, LabelNames.Transmit);
        Write(samples, TcpMetrics.IoBytes, total.PayloadReceivedBytes, LabelNames.Receive);
        Write(samples, TcpMetrics.Segments, total.SegmentsOut, LabelNames.Transmit);
        Write(samples, TcpMetrics.Segments, total.SegmentsIn, LabelNames.Receive);
        Write(samples, TcpMetrics.Retransmits, total.SegmentsRetransmitted);
        Write(samples, TcpMetrics.RetransmittedBytes, total.RetransmittedBytes);
        if (jiffiesPerSecond is { } hz)
        {
            Write(samples, TcpMetrics.BusySeconds, (total.BusyJiffies + total.ReceiveWindowLimitedJiffies + total.SendBufferLimitedJiffies) / hz);
            Write(samples, TcpMetrics.ReceiveWindowLimitedSeconds, total.ReceiveWindowLimitedJiffies / hz);
            Write(samples, TcpMetrics.SendBufferLimitedSeconds, total.SendBufferLimitedJiffies / hz);
        }

        Write(samples, TcpMetrics.ConnectionsClosed, closed);
        Write(samples, TcpMetrics.Connections, open);
        if (open == 0)
        {
            return;
        }

        if (measured > 0)
        {
            Write(samples, TcpMetrics.SmoothedRtt, smoothedRttMicrosecondsSum / measured / 1e6);
        }

        if (minimumRttMicroseconds != NotMeasured)
        {
            Write(samples, TcpMetrics.MinimumRtt, minimumRttMicroseconds / 1e6);
        }

        Write(samples, TcpMetrics.SendWindow, sendWindowBytesSum / open);
        Write(samples, TcpMetrics.CongestionWindow, congestionWindowBytesSum / open);
        Write(samples, TcpMetrics.ReceiveBuffer, largestReceiveBufferBytes);
        Write(samples, TcpMetrics.ReceiveQueue, largestReceiveQueueBytes);
        Write(samples, TcpMetrics.ReceiveBufferLocked, locked);
    }

    private void Write(SampleWriter samples, MetricDefinition metric, double value, string direction = "")
    {
        if (!labels.TryGetValue((metric.Name, direction), out var series))
        {
            series = LabelSet.Of(
                metric.Name,
                (LabelNames.Node, node),
                (LabelNames.Namespace, Key.Owner.Namespace),
                (LabelNames.Workload, Key.Owner.Workload),
                (LabelNames.Pod, Key.Owner.Pod),
                (LabelNames.PeerNamespace, Key.Peer.Namespace),
                (LabelNames.PeerWorkload, Key.Peer.Workload),
                (LabelNames.PeerPod, Key.Peer.Pod),
                (LabelNames.ServerPort, Key.ServerPort == 0 ? "" : $"{Key.ServerPort}"),
                (LabelNames.Role, Key.IsServer ? LabelNames.Server : LabelNames.Client),
                (LabelNames.Direction, direction));
            labels.Add((metric.Name, direction), series);
        }

        samples.Write(metric, series, value);
    }
}
