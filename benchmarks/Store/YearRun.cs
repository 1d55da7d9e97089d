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
/// <remarks>In a full day every sample is made, appended, flushed, rolled up and dropped as in life; only the clock is ours, so that it takes seconds.</remarks>
internal static class YearRun
{
    private const int SeriesOfNode = 500;
    private const int AppendSteps = 60;
    private const string Metric = "bench_year";
    private const int Rounds = 3;

    /// <param name="nodes">Each with 500 series.</param>
    /// <param name="past">Days before, of which only roll-ups are written (<see cref="PastDays"/>).</param>
    /// <param name="full">Days whose every sample goes the whole way.</param>
    /// <returns>A line of the results' table.</returns>
    public static async Task<string> OfAsync(int nodes, int past, int full)
    {
        var directory = Directory.CreateTempSubdirectory("netpulse-bench-").FullName;
        try
        {
            var options = new EmbeddedStoreOptions { Directory = directory };
            var days = past + full;
            var first = new DateOnly(2025, 1, 1);
            LabelSet[] labels = [.. Enumerable.Range(0, nodes * SeriesOfNode).Select(i => LabelSet.Of(Metric,
                ("node", $"{i / SeriesOfNode}"), ("pod", $"service-{i % 37}-{i * 7919 % 99991:x5}"), ("direction", i % 2 == 0 ? "transmit" : "receive")))];
            var ofNode = new NodeValues(SeriesOfNode);
            var values = new NodeValues(labels.Length);
            var begin = Stopwatch.GetTimestamp();
            PastDays.Write(options, labels, ofNode, first, past);
            values.GoOnFrom(ofNode);
            var clock = new SimulatedClock(new DateTimeOffset(first.AddDays(past), TimeOnly.MinValue, TimeSpan.Zero));
            using (var store = new EmbeddedStore(options, clock, NullLogger<EmbeddedStore>.Instance))
            {
                await FillAsync(store, clock, labels, values, full);
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
            return string.Create(CultureInfo.InvariantCulture, $"| {nodes} | {days} | {full} | {(long)labels.Length * days * 86_400 / NodeValues.Seconds / 1e6:n0} | {filled.TotalSeconds:n0} | {samples.Bytes / 1e6:n0} ({samples.Files}) | {fiveMinutes.Bytes / 1e6:n0} ({fiveMinutes.Files}) "
                + $"| {hours.Bytes / 1e6:n0} ({hours.Files}) | {opening.TotalMilliseconds:f0} | {string.Join(" | ", queries)} |");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    public static string Page(IReadOnlyList<string> lines) => $"""
        # A year in the embedded store

        {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC, {Environment.ProcessorCount} cores, load average {StoreReport.Load()} at the end. Written by `make bench-store-year`. Each node has {SeriesOfNode} series, a sample every
        {NodeValues.Seconds} s. Retention as unless set: samples 7 days, roll-ups of 5 minutes 90 days, of an hour two years. On the days "in full" every sample was made, appended, flushed, rolled up and dropped as in
        life, by a clock of ours, so that a day takes seconds. Of the days before only what is left of them was written: each day every sample of one node was made and rolled up, and stored as each node's,
        which takes what different nodes' would, as no series in a file is told by another. One node that went through the whole year in full stands beside it.

        | nodes | days | in full | M samples | s to fill | MB of samples (files) | MB of 5 min | MB of 1 h | ms to open | ms (p) | ms (s) | ms (t) |
        |---|---|---|---|---|---|---|---|---|---|---|---|
        {string.Join('\n', lines)}

        (p) the 95th percentile of every day of all days, of one node's {SeriesOfNode} series. (s) their summed rate every 6 hours of all days. (t) the 20 fastest of all series now. Best of {Rounds}.

        """;

    private static async Task FillAsync(EmbeddedStore store, SimulatedClock clock, LabelSet[] labels, NodeValues values, int days)
    {
        var batch = new Sample[SeriesOfNode * AppendSteps];
        for (var day = 0; day < days; day++)
        {
            for (var step = 0; step < 86_400 / NodeValues.Seconds; step += AppendSteps)
            {
                var first = clock.GetUtcNow().ToUnixTimeMilliseconds();
                clock.Advance(TimeSpan.FromSeconds(AppendSteps * NodeValues.Seconds));
                for (var node = 0; node < labels.Length / SeriesOfNode; node++)
                {
                    for (var i = 0; i < batch.Length; i++)
                    {
                        var series = (node * SeriesOfNode) + (i / AppendSteps);
                        batch[i] = new Sample(labels[series], first + (i % AppendSteps * NodeValues.Seconds * 1000L), values.Next(series));
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
