using System.Collections.Immutable;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Detection;

/// <summary>A counter that is an error in itself: it needs no past to be wrong.</summary>
/// <param name="Signal">What it tells.</param>
/// <param name="Series">Of every namespace, or of the node; several are added up.</param>
/// <param name="LeastCount">Fewer in <see cref="ErrorWatch.Window"/> are nobody's trouble.</param>
public sealed record ErrorCounter(Signal Signal, ImmutableArray<SeriesSelector> Series, double LeastCount);

/// <summary>All of them.</summary>
public static class ErrorCounters
{
    /// <summary>Single packets may be lost without anybody noticing.</summary>
    private const double Few = 3;

    private const double Many = 20;

    /// <summary>Drivers name it differently.</summary>
    private const string DriverDrops = ".*(rx_missed|rx_no_buffer|no_desc|out_of_buffer|rx_fifo|rx_over|ring_full).*";

    public static readonly ImmutableArray<ErrorCounter> All =
    [
        new(Signal.ListenOverflows, Of(NamespaceMetrics.ListenOverflows), Few),
        new(Signal.SynQueueDrops, Of(NamespaceMetrics.RequestQueueDrops), Few),
        new(Signal.SynCookies, Of(NamespaceMetrics.RequestQueueCookies), Many),
        new(Signal.NoLocalPort, [SeriesSelector.Of(TcpMetrics.ConnectFailures.Name, (LabelNames.Reason, "no-local-port"))], Few),
        new(Signal.ConnectTimeouts, [SeriesSelector.Of(TcpMetrics.ConnectFailures.Name, (LabelNames.Reason, "timed-out"))], Few),
        new(Signal.TimeWaitOverflows, Of(NamespaceMetrics.TimeWaitOverflows), Many),
        new(Signal.ConntrackDrops, Of(NodeMetrics.ConntrackDrops), Few),
        new(Signal.ConntrackEarlyDrops, Of(NodeMetrics.ConntrackEarlyDrops), Few),
        new(Signal.ConntrackInsertFailures, Of(NodeMetrics.ConntrackInsertFailed), Many),
        new(Signal.UdpReceiveBufferErrors, [.. Of(NamespaceMetrics.UdpReceiveBufferErrors), .. Of(NamespaceMetrics.Udp6ReceiveBufferErrors)], Few),
        new(Signal.UdpMemoryErrors, Of(NamespaceMetrics.UdpMemoryErrors), Few),
        new(Signal.ReassemblyFails, [.. Of(NamespaceMetrics.ReassemblyFails), .. Of(NamespaceMetrics.Ipv6ReassemblyFails)], Few),
        new(Signal.ReversePathDrops, Of(NamespaceMetrics.ReversePathDrops), Few),
        new(Signal.ReceiveQueueDrops, Of(NamespaceMetrics.ReceiveQueueDrops), Few),
        new(Signal.ReceivePrunes, Of(NamespaceMetrics.ReceivePruned), Few),
        new(Signal.BacklogDrops, Of(NamespaceMetrics.BacklogDrops), Few),
        new(Signal.TimeoutAborts, Of(NamespaceMetrics.AbortOnTimeout), Few),
        new(Signal.DnsTimeouts, Of(DnsMetrics.Timeouts), Few),
        new(Signal.IcmpRateLimited, [.. Of(NamespaceMetrics.IcmpRateLimited), .. Of(NamespaceMetrics.IcmpRateLimitedTogether)], Many),
        new(Signal.NeighbourTableFull, Of(NodeMetrics.NeighbourTableFull), Few),
        new(Signal.SoftnetDrops, Of(NodeMetrics.SoftnetDropped), Few),
        new(Signal.DriverDrops, [new SeriesSelector([new LabelMatcher(LabelSet.MetricName, MatchKind.Equal, NodeMetrics.DriverCounter.Name), new LabelMatcher(LabelNames.Counter, MatchKind.Pattern, DriverDrops)])], Many),
        new(Signal.TcpMemoryPressure, Of(NamespaceMetrics.MemoryPressures), 1),
        new(Signal.TcpMemoryAborts, Of(NamespaceMetrics.AbortOnMemory), 1),
    ];

    private static ImmutableArray<SeriesSelector> Of(MetricDefinition metric) => [SeriesSelector.Of(metric.Name)];
}
