using System.Collections.Immutable;
using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Units;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Collects what both ends measured and asks every rule.</summary>
public sealed class CauseSearch(ISampleStore store, IEnumerable<ICauseRule> rules)
{
    /// <summary>Evidence older than this says little about now.</summary>
    private static readonly TimeSpan LongestRange = TimeSpan.FromMinutes(1);

    /// <summary>One finding an edge, in the order of the edges; <see cref="Cause.Unknown"/> where no rule is proven.</summary>
    /// <param name="anomalies">What is to be explained.</param>
    /// <param name="traffic">Every edge's.</param>
    /// <param name="changedAt">When we last changed something at an edge: what was measured before says nothing of what holds now.</param>
    /// <param name="now">End of what is looked at.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<ImmutableArray<Finding>> ExplainAsync(
        ImmutableArray<Anomaly> anomalies, ImmutableArray<EdgeTraffic> traffic, Func<Edge, DateTimeOffset?> changedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var findings = ImmutableArray.CreateBuilder<Finding>();
        foreach (var ofEdge in anomalies.GroupBy(anomaly => anomaly.Edge))
        {
            var measured = await MeasureAsync(traffic.First(edge => edge.Edge == ofEdge.Key), [.. ofEdge], changedAt(ofEdge.Key), now, cancellationToken);
            findings.Add(Judge(measured));
        }

        return findings.DrainToImmutable();
    }

    private Finding Judge(ConnectionEvidence measured)
    {
        var judgements = rules.Select(rule => rule.Judge(measured)).ToList();
        return judgements.Select(judgement => judgement.Finding).OfType<Finding>().OrderByDescending(finding => finding.Confidence).FirstOrDefault()
            ?? new Finding(Cause.Unknown, "no cause that we know is proven", "", 0, [.. judgements.SelectMany(judgement => judgement.Refutation)], measured);
    }

    private async Task<ConnectionEvidence> MeasureAsync(
        EdgeTraffic traffic, ImmutableArray<Anomaly> anomalies, DateTimeOffset? changedAt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var edge = traffic.Edge;
        var onset = anomalies.Min(anomaly => anomaly.Departure.Onset);
        var range = new TimeRange(new[] { onset, changedAt ?? onset, now - LongestRange }.Max(), now);
        var busy = await IncreaseAsync(edge.Select(TcpMetrics.BusySeconds));
        var sent = await IncreaseAsync(edge.Select(TcpMetrics.Segments, LabelNames.Transmit));
        var zeroWindows = await IncreaseAsync(AtReceiver(NamespaceMetrics.ZeroWindowAdvertised)) + await IncreaseAsync(AtReceiver(NamespaceMetrics.ZeroWindowWanted));
        return new ConnectionEvidence
        {
            Edge = edge,
            Range = range,
            Onset = onset,
            Throughput = new BytesPerSecond(MeanSince(traffic.Throughput, range.From)),
            BestThroughput = traffic.BestThroughput,
            UsualThroughput = anomalies.FirstOrDefault(anomaly => anomaly.Signal == Signal.Throughput)?.Departure.Usual,
            Connections = Mean(await ReadAsync(edge.Select(TcpMetrics.Connections))),
            RoundTripTime = Mean(await ReadAsync(edge.Select(TcpMetrics.SmoothedRtt))) is { } rtt ? TimeSpan.FromSeconds(rtt) : null,
            PathRoundTripTime = Least(traffic.RoundTripTime, onset) is { } least ? TimeSpan.FromSeconds(least) : null,
            ReceiveWindowLimitedShare = await IncreaseAsync(edge.Select(TcpMetrics.ReceiveWindowLimitedSeconds)) / PositiveOrNone(busy),
            SendBufferLimitedShare = await IncreaseAsync(edge.Select(TcpMetrics.SendBufferLimitedSeconds)) / PositiveOrNone(busy),
            RetransmittedShare = await IncreaseAsync(edge.Select(TcpMetrics.Retransmits)) / PositiveOrNone(sent),
            SendWindowBytes = Mean(await ReadAsync(edge.Select(TcpMetrics.SendWindow))),
            ReceiveBufferBytes = Last(await ReadAsync(edge.SelectAtPeer(TcpMetrics.ReceiveBuffer))),
            ReceiveQueueBytes = Median(await ReadAsync(edge.SelectAtPeer(TcpMetrics.ReceiveQueue))),
            LockedReceiveBuffers = Last(await ReadAsync(edge.SelectAtPeer(TcpMetrics.ReceiveBufferLocked))),
            ZeroWindowsPerSecond = zeroWindows / PositiveOrNone((range.To - range.From).TotalSeconds),
            ReceiveLimits = await ReceiveLimitsAsync(),
        };

        async Task<TimeSeries?> ReadAsync(SeriesSelector selector) => await store.ReadAsync(selector, range, cancellationToken) is [var first, ..] ? first : null;

        async Task<double?> IncreaseAsync(SeriesSelector selector) => await ReadAsync(selector) is { Count: >= 2 } counter ? CounterRate.Increase(counter) : null;

        SeriesSelector AtReceiver(MetricDefinition metric) => SeriesSelector.Of(
            metric.Name, (LabelNames.Namespace, edge.Peer.Namespace), (LabelNames.Workload, edge.Peer.Workload), (LabelNames.Pod, edge.Peer.Pod));

        async Task<TcpBufferLimits?> ReceiveLimitsAsync()
        {
            var fields = new List<long>();
            foreach (var field in new[] { "min", "default", "max" })
            {
                var selector = AtReceiver(NamespaceMetrics.Sysctl);
                selector = selector with
                {
                    Matchers = [.. selector.Matchers, new LabelMatcher(LabelNames.Sysctl, MatchKind.Equal, "net.ipv4.tcp_rmem"), new LabelMatcher(LabelNames.Field, MatchKind.Equal, field)],
                };
                if (Last(await ReadAsync(selector)) is { } value)
                {
                    fields.Add((long)value);
                }
            }

            return fields.Count == 3 ? new TcpBufferLimits(fields[0], fields[1], fields[2]) : null;
        }
    }

    private static double? PositiveOrNone(double? value) => value > 0 ? value : null;

    private static double? Last(TimeSeries? series) => series is { Count: > 0 } ? series.Values.Span[^1] : null;

    private static double? Mean(TimeSeries? series) => series is { Count: > 0 } ? series.Values.ToArray().Average() : null;

    private static double? Median(TimeSeries? series) => series is { Count: > 0 } ? series.Values.ToArray().Order().ElementAt(series.Count / 2) : null;

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
