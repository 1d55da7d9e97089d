using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Telemetry.Query;
using NetPulse.Telemetry.Store.Influx;
using NetPulse.Telemetry.Store.Prometheus;
using NetPulse.Telemetry.Tests.Store.Prometheus;

namespace NetPulse.Telemetry.Tests.Store;

/// <summary>What every store promises, on each of them: one server a kind for the whole class, names of its own for each test.</summary>
public sealed class SampleStoreContractTests(SampleStoreContractTests.Stores stores) : IClassFixture<SampleStoreContractTests.Stores>
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds());

    private readonly string metric = $"contract_{Guid.NewGuid():N}";

    [Theory, StoreData(StoreKind.Embedded), StoreData(StoreKind.VictoriaMetrics), StoreData(StoreKind.Prometheus), StoreData(StoreKind.InfluxDB)]
    public async Task What_was_appended_is_read_in_order_of_time(StoreKind kind)
    {
        var store = await stores.OfAsync(kind);
        await stores.AppendAsync(kind, Samples(LabelSet.Of(metric, ("pod", "a")), 100));
        await stores.AppendAsync(kind, Samples(LabelSet.Of(metric, ("pod", "b")), 50));
        var read = await ReadAsync(store, SeriesSelector.Of(metric), 150);
        Assert.Equal(2, read.Count);
        var a = Assert.Single(read, series => series.Labels.Equals(LabelSet.Of(metric, ("pod", "a"))));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => At(i)), a.UnixMilliseconds.ToArray());
        Assert.Equal(Enumerable.Range(0, 100).Select(i => i * 1.5), a.Values.ToArray());
    }

    [Theory, StoreData(StoreKind.Embedded), StoreData(StoreKind.VictoriaMetrics), StoreData(StoreKind.Prometheus), StoreData(StoreKind.InfluxDB)]
    public async Task A_range_includes_both_its_ends(StoreKind kind)
    {
        var store = await stores.OfAsync(kind);
        await stores.AppendAsync(kind, Samples(LabelSet.Of(metric), 10));
        await ReadAsync(store, SeriesSelector.Of(metric), 10);
        AssertTimes([At(3), At(4), At(5)], await store.ReadAsync(SeriesSelector.Of(metric), Range(At(3), At(5)), CancellationToken.None));
        AssertTimes([At(4)], await store.ReadAsync(SeriesSelector.Of(metric), Range(At(4), At(4)), CancellationToken.None));
        AssertTimes([At(4)], await store.ReadAsync(SeriesSelector.Of(metric), Range(At(3) + 1, At(5) - 1), CancellationToken.None));
    }

    [Theory, StoreData(StoreKind.Embedded), StoreData(StoreKind.VictoriaMetrics), StoreData(StoreKind.Prometheus), StoreData(StoreKind.InfluxDB)]
    public async Task A_range_may_be_all_of_time(StoreKind kind)
    {
        var store = await stores.OfAsync(kind);
        await stores.AppendAsync(kind, Samples(LabelSet.Of(metric), 3));
        await ReadAsync(store, SeriesSelector.Of(metric), 3);
        var all = new TimeRange(DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
        AssertTimes([At(0), At(1), At(2)], await store.ReadAsync(SeriesSelector.Of(metric), all, CancellationToken.None));
    }

    [Theory, StoreData(StoreKind.Embedded), StoreData(StoreKind.VictoriaMetrics), StoreData(StoreKind.Prometheus), StoreData(StoreKind.InfluxDB)]
    public async Task A_range_without_samples_has_no_series(StoreKind kind)
    {
        var store = await stores.OfAsync(kind);
        await stores.AppendAsync(kind, Samples(LabelSet.Of(metric), 3));
        await ReadAsync(store, SeriesSelector.Of(metric), 3);
        Assert.Empty(await store.ReadAsync(SeriesSelector.Of(metric), Range(At(0) + 1, At(1) - 1), CancellationToken.None));
        Assert.Empty(await store.ReadAsync(SeriesSelector.Of(metric), Range(At(2), At(1)), CancellationToken.None));
        Assert.Empty(await store.ReadAsync(SeriesSelector.Of(metric + "_other"), Range(At(0), At(9)), CancellationToken.None));
    }

    [Theory, StoreData(StoreKind.Embedded), StoreData(StoreKind.VictoriaMetrics), StoreData(StoreKind.Prometheus), StoreData(StoreKind.InfluxDB)]
    public async Task A_selector_tells_equal_unequal_and_absent_labels(StoreKind kind)
    {
        var store = await stores.OfAsync(kind);
        LabelSet[] all = [LabelSet.Of(metric), LabelSet.Of(metric, ("a", "x")), LabelSet.Of(metric, ("a", "y")), LabelSet.Of(metric, ("a", "x"), ("b", "z"))];
        await stores.AppendAsync(kind, [.. all.Select(labels => new Sample(labels, At(0), 1))]);
        await ReadAsync(store, SeriesSelector.Of(metric), all.Length);
        foreach (var value in (string[])["x", "y", "", "none", "x|y", "[xy]", "x?"])
        {
            foreach (var match in Enum.GetValues<MatchKind>())
            {
                var selector = new SeriesSelector([.. SeriesSelector.Of(metric).Matchers, new LabelMatcher("a", match, value)]);
                var read = await store.ReadAsync(selector, Range(At(0), At(0)), CancellationToken.None);
                Assert.Equal(all.Where(selector.Matches).ToHashSet(), read.Select(series => series.Labels).ToHashSet());
                Assert.Equal(all.Where(selector.Matches).ToHashSet(), (await store.SeriesAsync([selector], Range(At(0), At(0)), CancellationToken.None)).ToHashSet());
            }
        }
    }

    [Theory, StoreData(StoreKind.Embedded), StoreData(StoreKind.VictoriaMetrics), StoreData(StoreKind.Prometheus), StoreData(StoreKind.InfluxDB)]
    public async Task Label_values_may_hold_any_text(StoreKind kind)
    {
        var store = await stores.OfAsync(kind);
        // line protocol has no way to write a backslash before a space
        var labels = LabelSet.Of(metric, ("a", $"quote \" backslash \\{(kind == StoreKind.InfluxDB ? "x" : " ")} line\nend {{comma,=}} 'Grüße' 网络"));
        await stores.AppendAsync(kind, [new Sample(labels, At(0), 1)]);
        var selector = new SeriesSelector([.. SeriesSelector.Of(metric, ("a", labels["a"])).Matchers]);
        Assert.Equal(labels, Assert.Single(await ReadAsync(store, selector, 1)).Labels);
    }

    [Theory, StoreData(StoreKind.Embedded), StoreData(StoreKind.VictoriaMetrics), StoreData(StoreKind.Prometheus), StoreData(StoreKind.InfluxDB)]
    public async Task The_same_batch_twice_is_the_same_as_once(StoreKind kind)
    {
        var store = await stores.OfAsync(kind);
        var samples = Samples(LabelSet.Of(metric), 20);
        await stores.AppendAsync(kind, samples);
        await stores.AppendAsync(kind, samples[^1..]); // a sender that got no answer sends again
        AssertTimes([.. Enumerable.Range(0, 20).Select(i => At(i))], await ReadAsync(store, SeriesSelector.Of(metric), 20));
    }

    [Theory, StoreData(StoreKind.Embedded), StoreData(StoreKind.VictoriaMetrics), StoreData(StoreKind.Prometheus), StoreData(StoreKind.InfluxDB)]
    public async Task Infinities_and_fractions_come_back(StoreKind kind)
    {
        var store = await stores.OfAsync(kind);
        double[] all = [double.PositiveInfinity, double.NegativeInfinity, 0.000123, 12345678, -0.25];
        var values = kind == StoreKind.InfluxDB ? all[2..] : all; // it has no infinities
        await stores.AppendAsync(kind, [.. values.Select((value, i) => new Sample(LabelSet.Of(metric), At(i), value))]);
        var read = Assert.Single(await ReadAsync(store, SeriesSelector.Of(metric), values.Length));
        Assert.Equal(values, read.Values.ToArray());
    }

    [Theory, StoreData(StoreKind.Embedded), StoreData(StoreKind.VictoriaMetrics), StoreData(StoreKind.Prometheus), StoreData(StoreKind.InfluxDB)]
    public async Task A_long_append_is_kept_whole(StoreKind kind)
    {
        var store = await stores.OfAsync(kind);
        var samples = Enumerable.Range(0, 25_000).Select(i => new Sample(LabelSet.Of(metric, ("i", $"{i % 100}")), At(i / 100), i)).ToArray();
        await stores.AppendAsync(kind, samples);
        Assert.Equal(100, (await ReadAsync(store, SeriesSelector.Of(metric), samples.Length)).Count);
    }

    [Theory, StoreData(StoreKind.Embedded), StoreData(StoreKind.VictoriaMetrics), StoreData(StoreKind.Prometheus), StoreData(StoreKind.InfluxDB)]
    public async Task Nothing_may_be_appended(StoreKind kind) => await stores.AppendAsync(kind, []);

    [Theory, StoreData(StoreKind.Embedded), StoreData(StoreKind.VictoriaMetrics), StoreData(StoreKind.Prometheus), StoreData(StoreKind.InfluxDB)]
    public async Task Names_and_values_of_labels_are_listed(StoreKind kind)
    {
        var store = await stores.OfAsync(kind);
        await stores.AppendAsync(kind, [.. Enumerable.Range(0, 3).Select(i => new Sample(LabelSet.Of(metric, ("pod", $"p{i}"), ("node", "n")), At(0), i))]);
        await ReadAsync(store, SeriesSelector.Of(metric), 3);
        SeriesSelector[] selectors = [SeriesSelector.Of(metric)];
        Assert.Equal(["__name__", "node", "pod"], (await store.LabelNamesAsync(selectors, Range(At(0), At(9)), CancellationToken.None)).Order(StringComparer.Ordinal));
        Assert.Equal(["p0", "p1", "p2"], (await store.LabelValuesAsync("pod", selectors, Range(At(0), At(9)), CancellationToken.None)).Order(StringComparer.Ordinal));
        Assert.Contains(metric, await store.LabelValuesAsync("__name__", [], Range(At(0), At(9)), CancellationToken.None));
    }

    [Theory, StoreData(StoreKind.Embedded), StoreData(StoreKind.VictoriaMetrics), StoreData(StoreKind.Prometheus), StoreData(StoreKind.InfluxDB)]
    public async Task A_query_gives_the_same_wherever_it_is_evaluated(StoreKind kind)
    {
        var store = await stores.OfAsync(kind);
        await stores.AppendAsync(kind, [.. Enumerable.Range(0, 60).SelectMany(i => new[] { new Sample(LabelSet.Of(metric, ("pod", "a")), At(i), i), new Sample(LabelSet.Of(metric, ("pod", "b")), At(i), i * 3) })]);
        await ReadAsync(store, SeriesSelector.Of(metric), 120);
        var queries = store as IPromQl ?? new PromQlEngine(store, new PromQlLimits());
        var steps = new QuerySteps(DateTimeOffset.FromUnixTimeMilliseconds(At(30)), DateTimeOffset.FromUnixTimeMilliseconds(At(50)), TimeSpan.FromSeconds(10));
        var matrix = Assert.IsType<QueryAnswer.Matrix>(await queries.QueryRangeAsync($"sum by (pod) (max_over_time({metric}[15s]))", steps, CancellationToken.None));
        Assert.Equal([[30.0, 40, 50], [90.0, 120, 150]], matrix.Series.OrderBy(series => series.Labels["pod"]).Select(series => series.Values.ToArray()));
        var vector = Assert.IsType<QueryAnswer.Vector>(await queries.QueryAsync($"topk(1, {metric})", steps.To, CancellationToken.None));
        Assert.Equal(("b", 150.0), (Assert.Single(vector.Samples).Labels["pod"], vector.Samples[0].Value));
        // VictoriaMetrics has no scalars: it gives a vector of one
        Assert.Equal(2, await queries.QueryAsync("1 + 1", steps.To, CancellationToken.None) switch
        {
            QueryAnswer.Scalar scalar => scalar.Value,
            QueryAnswer.Vector one => Assert.Single(one.Samples).Value,
            _ => double.NaN,
        });
        Assert.Equal(31, Assert.IsType<QueryAnswer.Matrix>(await queries.QueryAsync($"{metric}{{pod=\"a\"}}[30s]", steps.To, CancellationToken.None)).Series.First().Count, 1.0);
        var e = await Assert.ThrowsAsync<PromQlException>(async () => await queries.QueryAsync($"nothing_known({metric})", steps.To, CancellationToken.None));
        Assert.Contains("nothing_known", e.Message, StringComparison.Ordinal);
    }

    private static long At(int second) => Now.AddMinutes(-10).ToUnixTimeMilliseconds() + (second * 1000L);

    private static Sample[] Samples(LabelSet labels, int count) => [.. Enumerable.Range(0, count).Select(i => new Sample(labels, At(i), i * 1.5))];

    private static TimeRange Range(long from, long to) => new(DateTimeOffset.FromUnixTimeMilliseconds(from), DateTimeOffset.FromUnixTimeMilliseconds(to));

    /// <summary>Reads until all samples are there: a server shows them when it will.</summary>
    private static async Task<IReadOnlyList<TimeSeries>> ReadAsync(ISampleStore store, SeriesSelector selector, int samples)
    {
        IReadOnlyList<TimeSeries> read = [];
        await Eventually.HoldsAsync(async () =>
        {
            read = await store.ReadAsync(selector, Range(At(0), At(300)), CancellationToken.None);
            return read.Sum(series => series.Count) == samples;
        });
        return read;
    }

    private static void AssertTimes(long[] expected, IReadOnlyList<TimeSeries> read) => Assert.Equal(expected, Assert.Single(read).UnixMilliseconds.ToArray());

    public sealed class Stores : IDisposable
    {
        private readonly HttpClient client = new();
        private readonly Dictionary<StoreKind, ISampleStore> stores = [];
        private readonly List<IDisposable> opened = [];

        public async Task<ISampleStore> OfAsync(StoreKind kind)
        {
            // the tests of one class run one after the other
            if (!stores.TryGetValue(kind, out var store))
            {
                store = kind == StoreKind.Embedded ? Embedded() : await ServedAsync(kind);
                stores.Add(kind, store);
            }

            return store;
        }

        public async Task AppendAsync(StoreKind kind, Sample[] samples)
        {
            await (await OfAsync(kind)).AppendAsync(samples, CancellationToken.None);
            if (kind == StoreKind.VictoriaMetrics)
            {
                // it shows a new series after a second, and where it was asked for too early, only after ten
                (await client.GetAsync(new Uri(opened.OfType<ServerProcess>().Single(server => server.Kind == kind).Address, "internal/force_flush"))).Dispose();
            }
        }

        public void Dispose()
        {
            opened.Reverse();
            opened.ForEach(one => one.Dispose());
            client.Dispose();
        }

        private EmbeddedStore Embedded()
        {
            var directory = new TemporaryDirectory();
            opened.Add(directory);
            var options = new EmbeddedStoreOptions { Directory = directory.Path, SegmentBytes = 8192 };
            var store = new EmbeddedStore(options, TimeProvider.System, NullLogger<EmbeddedStore>.Instance);
            opened.Add(store);
            return store;
        }

        private async Task<ISampleStore> ServedAsync(StoreKind kind)
        {
            if (kind == StoreKind.InfluxDB)
            {
                var influx = await ServerProcess.StartInfluxDbAsync(client);
                opened.Add(influx);
                var influxStore = new InfluxStore(client, new InfluxOptions { Url = influx.Address, Database = "netpulse" }, TimeProvider.System);
                opened.Add(influxStore);
                return influxStore;
            }

            var server = kind == StoreKind.Prometheus
                ? await ServerProcess.StartPrometheusAsync(client)
                : await ServerProcess.StartVictoriaMetricsAsync(client);
            opened.Add(server);
            return new PrometheusStore(client, new Uri(server.Address, "api/v1/write"), server.Address, TimeProvider.System);
        }
    }
}
