using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Benchmarks.Fleet;

/// <summary>A store that holds a whole fleet's edges as if they had just been read: every node the same number of them, with noise and a common beat.</summary>
internal sealed class FleetStore : ISampleStore
{
    private const int Points = 60;
    private const int StepMilliseconds = 10_000;

    private readonly Dictionary<string, LabelSet[]> series;
    private readonly DateTimeOffset started;

    public FleetStore(int nodes, int edgesPerNode, DateTimeOffset started)
    {
        this.started = started;
        series = new Dictionary<string, LabelSet[]>(StringComparer.Ordinal)
        {
            [TcpMetrics.IoBytes.Name] = Labels(TcpMetrics.IoBytes.Name, nodes, edgesPerNode, isSent: true),
            [TcpMetrics.SmoothedRtt.Name] = Labels(TcpMetrics.SmoothedRtt.Name, nodes, edgesPerNode, isSent: false),
        };
    }

    /// <summary>The end of the newest reading.</summary>
    public DateTimeOffset Now { get; set; }

    public ValueTask AppendAsync(IReadOnlyList<Sample> samples, CancellationToken cancellationToken) => throw new NotSupportedException("the fleet is made up");

    public ValueTask<IReadOnlyList<TimeSeries>> ReadAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken)
    {
        if (selector.Matchers.FirstOrDefault(static matcher => matcher.Name == LabelSet.MetricName)?.Value is not { } metric || !series.TryGetValue(metric, out var labels))
        {
            return ValueTask.FromResult<IReadOnlyList<TimeSeries>>([]);
        }

        var last = Now.ToUnixTimeMilliseconds() / StepMilliseconds * StepMilliseconds;
        var times = Enumerable.Range(0, Points).Select(point => last - ((Points - 1 - point) * (long)StepMilliseconds)).ToArray();
        var isCounter = metric == TcpMetrics.IoBytes.Name;
        return ValueTask.FromResult<IReadOnlyList<TimeSeries>>([.. labels.Select((each, index) => new TimeSeries(each, times, Values(index, times, isCounter)))]);
    }

    public ValueTask<IReadOnlyCollection<LabelSet>> SeriesAsync(IReadOnlyList<SeriesSelector> selectors, TimeRange range, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyCollection<LabelSet>>([]);

    private double[] Values(int index, long[] times, bool isCounter)
    {
        var values = new double[times.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var seconds = (times[i] - started.ToUnixTimeMilliseconds()) / 1000.0;
            var noise = Math.Sin((seconds * 1.7) + index) * 0.02;
            values[i] = isCounter ? (2e6 + (index % 97 * 1e4)) * (seconds + (noise * 10)) : 0.010 * (1 + noise);
        }

        return values;
    }

    private static LabelSet[] Labels(string metric, int nodes, int edgesPerNode, bool isSent)
    {
        var made = new LabelSet[nodes * edgesPerNode];
        for (var i = 0; i < made.Length; i++)
        {
            var (node, edge) = (i / edgesPerNode, i % edgesPerNode);
            var labels = LabelSet.Of(
                metric,
                (LabelNames.Node, $"node-{node}"),
                (LabelNames.Namespace, $"shop-{edge % 20}"),
                (LabelNames.Workload, $"web-{edge % 10}"),
                (LabelNames.Pod, $"web-{edge % 10}-{node}"),
                (LabelNames.PeerNamespace, $"data-{edge % 20}"),
                (LabelNames.PeerWorkload, $"db-{edge % 7}"),
                (LabelNames.PeerPod, $"db-{edge % 7}-{(node + edge) % nodes}"),
                (LabelNames.ServerPort, "5432"),
                (LabelNames.Role, LabelNames.Client));
            made[i] = isSent ? labels.With(LabelNames.Direction, LabelNames.Transmit) : labels;
        }

        return made;
    }
}
