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

/// <summary>The whole streaming path on ten thousand series, a minute a point, one thread: masks, scores, gate, calibrated alerts. Together in one bank, and each series alone.</summary>
internal static class Speed
{
    private const int Series = 10_000, Ticks = 600, Repeated = 60;

    public static IEnumerable<SpeedResult> Measure() =>
        Enum.GetValues<SignalKind>().Select(Measure).Concat(new[] { SignalKind.Latency, SignalKind.Throughput, SignalKind.Count }.Select(MeasureAlone));

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

    /// <summary>As the loop does it: a bank for each series, since no two are read at the same time, and what was normal is kept with it.</summary>
    private static SpeedResult MeasureAlone(SignalKind kind)
    {
        const int Window = 60;
        var random = new Random(1);
        var values = Enumerable.Range(0, Window).Select(_ => (double)Value(kind, random)).ToArray();
        var times = Enumerable.Range(0, Ticks / Window * 2).Select(round => Enumerable.Range(0, Window).Select(i => 60_000L * ((round * Window) + i)).ToArray()).ToArray();
        var options = new DetectionOptions();
        var watches = new DepartureWatch[Series];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Series; i++)
        {
            watches[i] = new DepartureWatch(kind, Deviation.Rise, options);
        }

        var state = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Series;
        var rounds = Array.ConvertAll(times, at => new TimeSeries(LabelSet.Of("speed"), at, values));
        using var process = Process.GetCurrentProcess();
        Run(rounds.AsSpan(..(rounds.Length / 2)));
        process.Refresh();
        var (cpu, allocated) = (process.TotalProcessorTime, GC.GetAllocatedBytesForCurrentThread());
        Run(rounds.AsSpan((rounds.Length / 2)..));
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        process.Refresh();
        const double Points = (double)Series * Ticks;
        return new SpeedResult($"{kind}, each series alone", Points / (process.TotalProcessorTime - cpu).TotalSeconds, Math.Floor(allocated / Points), state);

        void Run(ReadOnlySpan<TimeSeries> rounds)
        {
            foreach (var round in rounds)
            {
                foreach (var watch in watches)
                {
                    watch.Observe(round, static _ => false);
                }
            }
        }
    }

    private static float Value(SignalKind kind, Random random) => random.NextDouble() < 0.01
        ? float.NaN
        : kind == SignalKind.Count ? (random.NextDouble() < 0.03 ? random.Next(1, 5) : 0) : 100 + random.NextSingle();
}
