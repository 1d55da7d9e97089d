using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Optimizer.Detection.Forecasts;

/// <summary>Reads what has a limit, and says what will be full: conntrack and neighbour tables, ports of callers, queues of listeners.</summary>
public sealed class CapacityWatch(ISampleStore store, IOptions<DetectionOptions> options)
{
    private const string PortRange = "net.ipv4.ip_local_port_range";

    private static readonly ImmutableArray<string> OwnerLabels = [LabelNames.Node, LabelNames.Namespace, LabelNames.Workload, LabelNames.Pod];

    /// <returns>What fills up first, first.</returns>
    /// <exception cref="SampleStoreException">The store could not be read.</exception>
    public async Task<ImmutableArray<CapacityForecast>> ForecastAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var range = TimeRange.Before(now, options.Value.ForecastWindow);
        var found = new List<CapacityForecast>();
        Add("conntrack table", await ReadAsync(NodeMetrics.ConntrackEntries), await LimitsAsync(NodeMetrics.ConntrackLimit));
        // Beyond gc_thresh3 no neighbour is entered any more.
        Add("neighbour table", await ReadAsync(NodeMetrics.NeighbourEntries), await LimitsAsync(NodeMetrics.NeighbourLimit, (LabelNames.Level, "gc_thresh3")));
        Add("accept queue", await ReadAsync(TcpSocketMetrics.ListenQueue), await LimitsAsync(TcpSocketMetrics.ListenQueueLimit));
        await AddPortsAsync();
        return [.. found.OrderBy(forecast => forecast.FullIn).ThenBy(forecast => forecast.Where, StringComparer.Ordinal)];

        async Task<IReadOnlyList<TimeSeries>> ReadAsync(MetricDefinition metric, params (string Name, string Value)[] labels) =>
            await store.ReadAsync(SeriesSelector.Of(metric.Name, labels), range, cancellationToken);

        // The labels of the entries are those of the limit, but for which of several limits it is.
        async Task<Dictionary<LabelSet, double>> LimitsAsync(MetricDefinition metric, params (string Name, string Value)[] level) =>
            (await ReadAsync(metric, level)).Where(series => series.Count > 0)
                .DistinctBy(series => series.Labels.WithoutName().Without([LabelNames.Level]))
                .ToDictionary(series => series.Labels.WithoutName().Without([LabelNames.Level]), series => series.Values.Span[^1]);

        void Add(string resource, IEnumerable<TimeSeries> entries, Dictionary<LabelSet, double> limits)
        {
            foreach (var series in entries)
            {
                if (limits.TryGetValue(series.Labels.WithoutName(), out var limit) && CapacityForecast.Of(resource, Where(series.Labels), series, limit) is { } forecast)
                {
                    found.Add(forecast);
                }
            }
        }

        // A caller's port is used once for each address and port that it calls: the pool is the pair's. A port in TIME_WAIT is used, too; whose it is, the kernel
        // does not count, so each pair has its share of the connections that its pod closed.
        async Task AddPortsAsync()
        {
            var lows = await PortsAsync("min");
            var highs = await PortsAsync("max");
            var waiting = (await ReadAsync(NamespaceMetrics.TimeWaitSockets)).Where(series => series.Count > 0)
                .DistinctBy(series => series.Labels.Only(OwnerLabels)).ToDictionary(series => series.Labels.Only(OwnerLabels));
            var closed = (await ReadAsync(TcpMetrics.ConnectionsClosed)).ToLookup(series => series.Labels.Only(OwnerLabels), series => (Pair: series.Labels.WithoutName(), Count: CounterRate.Increase(series)));
            foreach (var series in await ReadAsync(TcpMetrics.Connections, (LabelNames.Role, LabelNames.Client)))
            {
                var owner = series.Labels.Only(OwnerLabels);
                // What has no pod for a peer is many addresses, each with a pool of its own.
                if (series.Labels[LabelNames.PeerPod].Length > 0 && lows.TryGetValue(owner, out var low) && highs.TryGetValue(owner, out var high)
                    && CapacityForecast.Of("range of local ports", $"{Where(series.Labels)} to {series.Labels[LabelNames.PeerNamespace]}/{series.Labels[LabelNames.PeerPod]}:{series.Labels[LabelNames.ServerPort]}", WithWaiting(series, owner), high - low + 1) is { } forecast)
                {
                    found.Add(forecast);
                }
            }

            TimeSeries WithWaiting(TimeSeries open, LabelSet owner)
            {
                var all = closed[owner].Sum(one => one.Count);
                return all > 0 && waiting.TryGetValue(owner, out var sockets)
                    ? Sum(open, sockets, closed[owner].Where(one => one.Pair.Equals(open.Labels.WithoutName())).Sum(one => one.Count) / all)
                    : open;
            }
        }

        async Task<Dictionary<LabelSet, double>> PortsAsync(string field) =>
            (await ReadAsync(NamespaceMetrics.Sysctl, (LabelNames.Sysctl, PortRange), (LabelNames.Field, field))).Where(series => series.Count > 0)
                .DistinctBy(series => series.Labels.Only(OwnerLabels))
                .ToDictionary(series => series.Labels.Only(OwnerLabels), series => series.Values.Span[^1]);
    }

    /// <summary>The one, and a share of the other's latest reading at each of its times.</summary>
    private static TimeSeries Sum(TimeSeries one, TimeSeries other, double share)
    {
        var values = one.Values.ToArray();
        var place = -1;
        for (var i = 0; i < values.Length; i++)
        {
            while (place + 1 < other.Count && other.UnixMilliseconds.Span[place + 1] <= one.UnixMilliseconds.Span[i])
            {
                place++;
            }

            values[i] += place < 0 ? 0 : share * other.Values.Span[place];
        }

        return one with { Values = values };
    }

    private static string Where(LabelSet labels)
    {
        var owner = labels[LabelNames.Pod].Length > 0 ? $"{labels[LabelNames.Namespace]}/{labels[LabelNames.Pod]}" : $"node {labels[LabelNames.Node]}";
        var port = labels[LabelNames.PeerPod].Length == 0 && labels[LabelNames.ServerPort] is { Length: > 0 } listening ? $", port {listening}" : "";
        return $"{owner}{(labels[LabelNames.Family] is { Length: > 0 } family ? $", {family}" : "")}{port}";
    }
}
