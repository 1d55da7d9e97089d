using System.Diagnostics;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Detectors;
using NetPulse.Optimizer.Detection.Preparation;
using NetPulse.Telemetry.Series;

namespace NetPulse.Benchmarks.Detection;

/// <param name="PointsPerSecond">By the process's CPU time, on one thread.</param>
/// <param name="BytesPerPoint">Allocated on the heap.</param>
/// <param name="StateBytes">Kept for a series.</param>
internal sealed record SpeedResult(string Kind, double PointsPerSecond, double BytesPerPoint, double StateBytes);

/// <summary>The whole streaming path on ten thousand series, a minute a point, one thread: masks, scores, gate, calibrated alerts. All read at the same time, and as the loop does it.</summary>
internal static class Speed
{
    private const int Series = 10_000, Ticks = 600, Repeated = 60;

    public static IEnumerable<SpeedResult> Measure() =>
        Enum.GetValues<SignalKind>().Select(Measure).Concat(new[] { SignalKind.Latency, SignalKind.Throughput, SignalKind.Count }.Select(MeasureWatch));

    private static SpeedResult Measure(SignalKind kind)
    {
        var random = new Random(1);
        var values = Enumerable.Range(0, Repeated).Select(_ => Enumerable.Range(0, Series).Select(_ => Value(kind, random)).ToArray()).ToArray();
        var bank = new SeriesBank(kind, Series);
        var announced = new bool[Series];
        var (raw, gated) = (new float[Series], new float[Series]);
        using var process = Process.GetCurrentProcess();
        // The first round compiles and warms up; the second counts.
        Run(0);
        process.Refresh();
        var (cpu, allocated) = (process.TotalProcessorTime, GC.GetAllocatedBytesForCurrentThread());
        Run(Ticks);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        process.Refresh();
        const double Points = (double)Series * Ticks;
        return new SpeedResult(kind.ToString(), Points / (process.TotalProcessorTime - cpu).TotalSeconds, Math.Floor(allocated / Points), bank.StateBytesPerSeries);

        void Run(int first)
        {
            for (var tick = first; tick < first + Ticks; tick++)
            {
                bank.Observe(60_000L * tick, values[tick % Repeated], announced, raw, gated);
            }
        }
    }

    /// <summary>As the loop does it: each series is read at its own times, and what was normal is kept with it.</summary>
    private static SpeedResult MeasureWatch(SignalKind kind)
    {
        const int Window = 60, Readers = 100;
        var random = new Random(1);
        var looks = Enumerable.Range(0, Ticks / Window * 2)
            .Select(round => Enumerable.Range(0, Readers).Select(reader => Read(kind, random, reader, round * Window, Window)).ToArray())
            .Select(static ofReaders => Enumerable.Range(0, Series).Select(i => new SeriesLook<int>(i, ofReaders[i % Readers], [])).ToArray())
            .ToArray();
#pragma warning disable S1215 // what is held is what is measured
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var watch = new DepartureWatch<int>(kind, Deviation.Rise, new DetectionOptions());
        watch.Observe(Enumerable.Range(0, Series).Select(static i => new SeriesLook<int>(i, new TimeSeries(LabelSet.Of("speed"), default, default), [])), DateTimeOffset.UnixEpoch);
        var state = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Series;
#pragma warning restore S1215
        using var process = Process.GetCurrentProcess();
        Run(looks.AsSpan(..(looks.Length / 2)));
        process.Refresh();
        var (cpu, allocated) = (process.TotalProcessorTime, GC.GetAllocatedBytesForCurrentThread());
        Run(looks.AsSpan((looks.Length / 2)..));
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        process.Refresh();
        const double Points = (double)Series * Ticks;
        return new SpeedResult($"{kind}, each series at its own times", Points / (process.TotalProcessorTime - cpu).TotalSeconds, Math.Floor(allocated / Points), state);

        void Run(ReadOnlySpan<SeriesLook<int>[]> looks)
        {
            foreach (var look in looks)
            {
                watch.Observe(look, DateTimeOffset.FromUnixTimeMilliseconds(look[0].Series.UnixMilliseconds.Span[^1]));
            }
        }
    }

    private static TimeSeries Read(SignalKind kind, Random random, int reader, int firstMinute, int count) => new(
        LabelSet.Of("speed"),
        Enumerable.Range(firstMinute, count).Select(minute => (60_000L * minute) + (100 * reader)).ToArray(),
        Enumerable.Range(0, count).Select(_ => (double)Value(kind, random)).ToArray());

    private static float Value(SignalKind kind, Random random) => random.NextDouble() < 0.01
        ? float.NaN
        : kind == SignalKind.Count ? (random.NextDouble() < 0.03 ? random.Next(1, 5) : 0) : 100 + random.NextSingle();
}
