using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Telemetry.Query;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Embedded;

namespace NetPulse.Store.Benchmarks;

/// <summary>The embedded store after many days of samples every 15 s: what it takes on disk, how long it takes to open, and to answer.</summary>
/// <remarks>Every sample is made, appended, flushed, rolled up and dropped as in life; only the clock is ours, so that a day takes seconds.</remarks>
internal static class YearRun
{
    private const int SeriesOfNode = 500;
    private const int AppendSteps = 60;
    private const int SecondsBetweenSamples = 15;
    private const int Nodes = 100;
    private const int YearDays = 365;
    private const string Metric = "bench_year";
    private const int Rounds = 3;

    /// <param name="nodes">Each with 500 series.</param>
    /// <param name="days">How many go by.</param>
    /// <returns>A line of the results' table.</returns>
    public static async Task<string> OfAsync(int nodes, int days)
    {
        var directory = Directory.CreateTempSubdirectory("netpulse-bench-").FullName;
        try
        {
            var options = new EmbeddedStoreOptions { Directory = directory };
            var clock = new SimulatedClock(new DateTimeOffset(2025, 1, 1, 0, 0, 0, TimeSpan.Zero));
            var begin = Stopwatch.GetTimestamp();
            using (var store = new EmbeddedStore(options, clock, NullLogger<EmbeddedStore>.Instance))
            {
                await FillAsync(store, clock, nodes, days);
            }

            var filled = Stopwatch.GetElapsedTime(begin);
            begin = Stopwatch.GetTimestamp();
            using var opened = new EmbeddedStore(options, clock, NullLogger<EmbeddedStore>.Instance);
            var opening = Stopwatch.GetElapsedTime(begin);
            var engine = new PromQlEngine(opened, new PromQlLimits());
            var now = clock.GetUtcNow();
            var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
            var whole = new QuerySteps(today.AddDays(1 - days), today, TimeSpan.FromDays(1));
            string[] queries =
            [
                await BestAsync(engine, $"quantile_over_time(0.95, {Metric}{{node=\"0\"}}[1d])", whole),
                await BestAsync(engine, $"sum(rate({Metric}{{node=\"0\"}}[6h]))", whole with { Step = TimeSpan.FromHours(6) }),
                await BestAsync(engine, $"topk(20, rate({Metric}[5m]))", new QuerySteps(now, now, TimeSpan.FromSeconds(1))),
            ];
            var (samples, fiveMinutes, hours) = (Bytes(directory, "2*.db"), Bytes(directory, "5m-*.db"), Bytes(directory, "1h-*.db"));
            return string.Create(CultureInfo.InvariantCulture, $"| {nodes} | {days} | {(long)nodes * SeriesOfNode * days * 86_400 / SecondsBetweenSamples / 1e6:n0} | {filled.TotalSeconds:n0} | {samples.Bytes / 1e6:n0} ({samples.Files}) | {fiveMinutes.Bytes / 1e6:n0} ({fiveMinutes.Files}) "
                + $"| {hours.Bytes / 1e6:n0} ({hours.Files}) | {YearBytes(options, nodes, days, directory) / 1e9:f1} | {opening.TotalMilliseconds:f0} | {string.Join(" | ", queries)} |");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    public static string Page(IReadOnlyList<string> lines) => $"""
        # A year in the embedded store

        {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC, {Environment.ProcessorCount} cores, load average {StoreReport.Load()} at the end. Written by `make bench-store-year`. Each node has {SeriesOfNode} series, a sample every
        {SecondsBetweenSamples} s. Every sample was made, appended, flushed, rolled up and dropped as in life, by a clock of ours, so that a day takes seconds; nothing was thinned out. Retention as unless set:
        samples 7 days, roll-ups of 5 minutes 90 days, of an hour two years. A year of all {Nodes} nodes is {(long)Nodes * SeriesOfNode * YearDays * 86_400 / SecondsBetweenSamples / 1e9:n0} G samples, hours of work: so one node goes through the whole year, and {Nodes} nodes
        through fewer days. The column "{Nodes} nodes, a year" is computed from the line's own bytes a series and day of each kind of file, times the days that each is kept, times {Nodes * SeriesOfNode:n0} series.

        | nodes | days | M samples | s to fill | MB of samples (files) | MB of 5 min | MB of 1 h | GB for {Nodes} nodes, a year | ms to open | ms (p) | ms (s) | ms (t) |
        |---|---|---|---|---|---|---|---|---|---|---|---|
        {string.Join('\n', lines)}

        (p) the 95th percentile of every day of all days, of one node's {SeriesOfNode} series. (s) their summed rate every 6 hours of all days. (t) the 20 fastest of all series now. Best of {Rounds}.

        """;

    private static async Task FillAsync(EmbeddedStore store, SimulatedClock clock, int nodes, int days)
    {
        LabelSet[] labels = [.. Enumerable.Range(0, nodes * SeriesOfNode).Select(i => LabelSet.Of(Metric,
            ("node", $"{i / SeriesOfNode}"), ("pod", $"service-{i % 37}-{i * 7919 % 99991:x5}"), ("direction", i % 2 == 0 ? "transmit" : "receive")))];
        var values = new double[labels.Length];
        var random = new Random(15);
        var batch = new Sample[SeriesOfNode * AppendSteps];
        for (var day = 0; day < days; day++)
        {
            for (var step = 0; step < 86_400 / SecondsBetweenSamples; step += AppendSteps)
            {
                var first = clock.GetUtcNow().ToUnixTimeMilliseconds();
                clock.Advance(TimeSpan.FromSeconds(AppendSteps * SecondsBetweenSamples));
                for (var node = 0; node < nodes; node++)
                {
                    for (var i = 0; i < batch.Length; i++)
                    {
                        var series = (node * SeriesOfNode) + (i / AppendSteps);
                        values[series] = Next(series, values[series], random);
                        batch[i] = new Sample(labels[series], first + (i % AppendSteps * SecondsBetweenSamples * 1000L), values[series]);
                    }

                    await store.AppendAsync(batch, CancellationToken.None);
                }

                if (step % (AppendSteps * 8) == 0)
                {
                    // every two hours: a day that is over has then settled
                    await store.FlushAsync(CancellationToken.None);
                }
            }
        }
    }

    /// <summary>Nine in ten are whole numbers, as in <see cref="Workload"/>.</summary>
    private static double Next(int series, double value, Random random) => (series % 10) switch
    {
        0 => Math.Round(value + (random.Next(-100, 101) / 1000.0), 3),
        <= 5 => value + random.Next(0, 200),
        _ => Math.Max(0, value + random.Next(-100, 101)),
    };

    private static async Task<string> BestAsync(PromQlEngine engine, string query, QuerySteps steps)
    {
        var best = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var begin = Stopwatch.GetTimestamp();
            var answer = (QueryAnswer.Matrix)await engine.QueryRangeAsync(query, steps, CancellationToken.None);
            if (!answer.Series.Any())
            {
                throw new InvalidOperationException($"{query} found nothing");
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        return best.ToString("f0", CultureInfo.InvariantCulture);
    }

    /// <summary>What 100 nodes would take after a year, by what each kind of file takes here a series and day.</summary>
    private static double YearBytes(EmbeddedStoreOptions options, int nodes, int days, string directory)
    {
        var series = (double)nodes * SeriesOfNode;
        return Nodes * SeriesOfNode * (Kept("2*.db", options.RetentionAge, 1) + Kept("5m-*.db", options.RollUpAge, 0) + Kept("1h-*.db", options.HourlyRollUpAge, 0));

        // the present day's samples, and that day is not rolled up
        double Kept(string pattern, TimeSpan age, int today)
        {
            var here = Math.Min(days - 1, age.TotalDays) + today;
            return here <= 0 ? 0 : Bytes(directory, pattern).Bytes / series / here * (Math.Min(YearDays, age.TotalDays) + today);
        }
    }

    private static (long Bytes, int Files) Bytes(string directory, string pattern)
    {
        var files = new DirectoryInfo(directory).GetFiles(pattern, SearchOption.AllDirectories);
        return (files.Sum(static file => file.Length), files.Length);
    }

    /// <summary>Time that moves only when the run says so.</summary>
    private sealed class SimulatedClock(DateTimeOffset start) : TimeProvider
    {
        private long ticks = start.UtcTicks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

        public override long GetTimestamp() => Interlocked.Read(ref ticks);

        public void Advance(TimeSpan by) => Interlocked.Add(ref ticks, by.Ticks);
    }
}
