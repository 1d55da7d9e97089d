using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Embedded;

namespace NetPulse.Store.Benchmarks;

/// <summary>The embedded store in this process: no HTTP, and the three answers computed here.</summary>
internal static class InProcessRun
{
    private const int Rounds = 9;

    public static async Task<StoreFigures> OfAsync(Workload work)
    {
        var directory = Directory.CreateTempSubdirectory("netpulse-bench-").FullName;
        try
        {
            // once to compile it all, once to know what making the samples costs
            await IngestAsync(Path.Combine(directory, "first"), work);
            _ = work.LongBatches().Count();
            var making = await CpuTimeAsync(() => Task.FromResult(work.LongBatches().Count()));
            var stored = Path.Combine(directory, "second");
            var ingest = await CpuTimeAsync(() => IngestAsync(stored, work)) - making;
            using var store = Open(stored);
            return new StoreFigures
            {
                IngestSamplesPerCpuSecond = Math.Round(Workload.Samples / ingest.TotalSeconds),
                BytesPerSample = Math.Round((double)store.Statistics.BytesOnDisk / Workload.Samples, 3),
                QueryAMilliseconds = await BestAsync(async () => (await ReadAsync(store, Workload.Metric(1), work.End, TimeSpan.FromHours(1))).Sum(series => series.Count)),
                QueryBMilliseconds = await BestAsync(async () => (await ReadAsync(store, Workload.DayMetric, work.End, TimeSpan.FromHours(24))).Sum(Percentiles)),
                QueryCMilliseconds = await BestAsync(async () => Fastest(await ReadAsync(store, Workload.Metric(1), work.End, TimeSpan.FromMinutes(5)))),
            };
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static EmbeddedStore Open(string directory) =>
        new(new EmbeddedStoreOptions { Directory = directory }, TimeProvider.System, NullLogger<EmbeddedStore>.Instance);

    private static async Task<int> IngestAsync(string directory, Workload work)
    {
        using var store = Open(directory);
        var batches = 0;
        foreach (var batch in work.LongBatches())
        {
            await store.AppendAsync(batch, CancellationToken.None);
            batches++;
        }

        while (store.Statistics.Segments > 1)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        return batches;
    }

    private static async Task<IReadOnlyList<TimeSeries>> ReadAsync(EmbeddedStore store, string metric, DateTimeOffset end, TimeSpan length) =>
        await store.ReadAsync(SeriesSelector.Of(metric), TimeRange.Before(end, length), CancellationToken.None);

    private static int Percentiles(TimeSeries series)
    {
        const long Window = 300_000;
        Span<double> window = stackalloc double[64];
        var times = series.UnixMilliseconds.Span;
        var values = series.Values.Span;
        var windows = 0;
        var sum = 0.0;
        for (var start = 0; start < times.Length;)
        {
            var end = start;
            for (var number = times[start] / Window; end < times.Length && times[end] / Window == number && end - start < window.Length; end++)
            {
                window[end - start] = values[end];
            }

            var sorted = window[..(end - start)];
            sorted.Sort();
            var rank = 0.95 * (sorted.Length - 1);
            var below = (int)rank;
            sum += sorted[below] + ((rank - below) * (sorted[Math.Min(below + 1, sorted.Length - 1)] - sorted[below]));
            windows++;
            start = end;
        }

        return double.IsFinite(sum) ? windows : 0;
    }

    private static int Fastest(IReadOnlyList<TimeSeries> series)
    {
        var best = new PriorityQueue<TimeSeries, double>();
        foreach (var one in series.Where(one => one.Count > 1))
        {
            var rate = CounterRate.Increase(one) / (one.At(one.Count - 1) - one.At(0)).TotalSeconds;
            if (best.Count < 20)
            {
                best.Enqueue(one, rate);
            }
            else
            {
                best.EnqueueDequeue(one, rate);
            }
        }

        return best.Count;
    }

    private static async Task<TimeSpan> CpuTimeAsync(Func<Task<int>> work)
    {
        using var self = Process.GetCurrentProcess();
        var before = self.TotalProcessorTime;
        await work();
        self.Refresh();
        return self.TotalProcessorTime - before;
    }

    private static async Task<double> BestAsync(Func<Task<int>> query)
    {
        var best = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var begin = Stopwatch.GetTimestamp();
            if (await query() == 0)
            {
                throw new InvalidOperationException("The store lacks what was written");
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        }

        return Math.Round(best, 1);
    }
}
