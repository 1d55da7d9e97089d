using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Forecasts;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Tests;

namespace NetPulse.Optimizer.Tests.Detection.Forecasts;

/// <summary>On a real store, with six hours in it, a minute a point.</summary>
public sealed class CapacityWatchTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("netpulse-capacity-").FullName;
    private readonly TestClock clock = new(Examples.Now);
    private readonly EmbeddedStore store;

    public CapacityWatchTests() =>
        store = new EmbeddedStore(new EmbeddedStoreOptions { Directory = folder }, clock, NullLogger<EmbeddedStore>.Instance);

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_conntrack_table_that_fills_is_told_with_its_time_and_interval()
    {
        var random = new Random(5);
        // A hundred a minute: 36,000 after six hours, so 18,000 are left for three more.
        var forecast = Assert.Single(await ForecastAsync(Conntrack(minute => (100 * minute) + (400 * random.NextDouble()), 54_000)));
        Assert.InRange(forecast.FullIn.TotalHours, 2.8, 3.1);
        Assert.InRange(forecast.Earliest, TimeSpan.FromHours(2.5), forecast.FullIn);
        Assert.InRange(forecast.Latest, forecast.FullIn, TimeSpan.FromHours(3.5));
        Assert.Matches(@"^the conntrack table of node node-1 will be full in \d(\.\d)? h \(\d(\.\d)? h to \d(\.\d)? h\): 3\d{4} of 54000 entries now$", forecast.ToString());
    }

    [Theory]
    [InlineData("quiet")]
    [InlineData("falls")]
    [InlineData("slows down")]
    [InlineData("far off")]
    [InlineData("spikes")]
    [InlineData("constant")]
    public async Task What_will_not_be_full_is_not_spoken_of(string shape)
    {
        var random = new Random(6);
        Func<int, double> value = shape switch
        {
            "quiet" => _ => 30_000 + (1000 * random.NextDouble()),
            "falls" => minute => 50_000 - (100 * minute),
            "slows down" => minute => 50_000 * (1 - Math.Exp(-minute / 60.0)),
            "far off" => minute => 1000 + minute,
            "spikes" => minute => minute % 50 == 0 ? 53_000 : 10_000 + (100 * random.NextDouble()),
            _ => _ => 53_999,
        };
        Assert.Empty(await ForecastAsync(Conntrack(value, 54_000)));
    }

    [Theory]
    [InlineData(30, false)]
    [InlineData(40, true)]
    public void Traffic_that_has_just_begun_fills_nothing(int readings, bool isSpokenOf)
    {
        var times = Enumerable.Range(0, readings).Select(i => 5000L * i).ToArray();
        var entries = new TimeSeries(LabelSet.Of("entries"), times, Array.ConvertAll(times, at => at / 10.0));
        Assert.Equal(isSpokenOf, CapacityForecast.Of(CapacityForecast.ConntrackTable, "node node-1", entries, 40_000) is not null);
    }

    [Fact]
    public async Task Neighbours_are_held_against_the_highest_threshold()
    {
        var forecast = Assert.Single(await ForecastAsync(minute =>
        [
            (Of(NodeMetrics.NeighbourEntries, (LabelNames.Family, "ipv4")), 200 + (2.0 * minute)),
            (Of(NodeMetrics.NeighbourLimit, (LabelNames.Family, "ipv4"), (LabelNames.Level, "gc_thresh1")), 128),
            (Of(NodeMetrics.NeighbourLimit, (LabelNames.Family, "ipv4"), (LabelNames.Level, "gc_thresh3")), 1024),
        ]));
        Assert.Equal(("neighbour table", "node node-1, ipv4", 1024), (forecast.Resource, forecast.Where, forecast.Limit));
    }

    [Fact]
    public async Task A_listeners_queue_and_a_callers_ports_are_told_by_pod()
    {
        (string, string)[] owner = [(LabelNames.Namespace, "lab"), (LabelNames.Workload, "app"), (LabelNames.Pod, "app-0")];
        var forecasts = await ForecastAsync(minute =>
        [
            (Of(TcpSocketMetrics.ListenQueue, [.. owner, (LabelNames.ServerPort, "80")]), minute / 3.0),
            (Of(TcpSocketMetrics.ListenQueueLimit, [.. owner, (LabelNames.ServerPort, "80")]), 128),
            (Of(TcpMetrics.Connections, [.. owner, (LabelNames.PeerNamespace, "lab"), (LabelNames.PeerWorkload, "db"), (LabelNames.PeerPod, "db-0"), (LabelNames.ServerPort, "5432"), (LabelNames.Role, LabelNames.Client)]), 70.0 * minute),
            (Of(NamespaceMetrics.Sysctl, [.. owner, (LabelNames.Sysctl, "net.ipv4.ip_local_port_range"), (LabelNames.Field, "min")]), 32_768),
            (Of(NamespaceMetrics.Sysctl, [.. owner, (LabelNames.Sysctl, "net.ipv4.ip_local_port_range"), (LabelNames.Field, "max")]), 60_999),
        ]);
        Assert.Equal(["accept queue of lab/app-0, port 80", "range of local ports of lab/app-0 to lab/db-0:5432"], forecasts.Select(forecast => $"{forecast.Resource} of {forecast.Where}"));
        Assert.Equal(28_232, forecasts[1].Limit);
    }

    [Fact]
    public async Task A_port_in_time_wait_is_used_and_counted_for_whom_its_pod_called()
    {
        (string, string)[] owner = [(LabelNames.Namespace, "lab"), (LabelNames.Workload, "app"), (LabelNames.Pod, "app-0")];
        (string, string)[] Pair(string peer) => [.. owner, (LabelNames.PeerNamespace, "lab"), (LabelNames.PeerWorkload, peer), (LabelNames.PeerPod, $"{peer}-0"), (LabelNames.ServerPort, "80"), (LabelNames.Role, LabelNames.Client)];
        // Nine of ten closed connections were to the cache: 0.9 of 80 more a minute in TIME_WAIT.
        var forecast = Assert.Single(await ForecastAsync(minute =>
        [
            (Of(TcpMetrics.Connections, Pair("cache")), 10),
            (Of(TcpMetrics.Connections, Pair("db")), 10),
            (Of(TcpMetrics.ConnectionsClosed, Pair("cache")), 900 * minute),
            (Of(TcpMetrics.ConnectionsClosed, Pair("db")), 100 * minute),
            (Of(NamespaceMetrics.TimeWaitSockets, owner), 80.0 * minute),
            (Of(NamespaceMetrics.Sysctl, [.. owner, (LabelNames.Sysctl, "net.ipv4.ip_local_port_range"), (LabelNames.Field, "min")]), 32_768),
            (Of(NamespaceMetrics.Sysctl, [.. owner, (LabelNames.Sysctl, "net.ipv4.ip_local_port_range"), (LabelNames.Field, "max")]), 60_999),
        ]));
        Assert.Equal("lab/app-0 to lab/cache-0:80", forecast.Where);
        Assert.InRange(forecast.Now, 25_500, 26_100);
    }

    [Fact]
    public async Task An_empty_store_has_no_forecast() => Assert.Empty(await ForecastAsync(_ => []));

    private static Func<int, (LabelSet, double)[]> Conntrack(Func<int, double> entries, double limit) => minute =>
    [
        (Of(NodeMetrics.ConntrackEntries), entries(minute)),
        (Of(NodeMetrics.ConntrackLimit), limit),
    ];

    private static LabelSet Of(MetricDefinition metric, params (string Name, string Value)[] labels) =>
        labels.Aggregate(LabelSet.Of(metric.Name, (LabelNames.Node, "node-1")), (set, label) => set.With(label.Name, label.Value));

    private async Task<IReadOnlyList<CapacityForecast>> ForecastAsync(Func<int, (LabelSet Labels, double Value)[]> minute)
    {
        for (var i = 0; i < 360; i++)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            await store.AppendAsync([.. minute(i).Select(sample => new Sample(sample.Labels, clock.GetUtcNow().ToUnixTimeMilliseconds(), sample.Value))], CancellationToken.None);
        }

        return await new CapacityWatch(store, Options.Create(new DetectionOptions())).ForecastAsync(clock.GetUtcNow(), CancellationToken.None);
    }
}
