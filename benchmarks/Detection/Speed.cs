using System.Diagnostics;
using NetPulse.Optimizer.Detection.Detectors;
using NetPulse.Optimizer.Detection.Preparation;

namespace NetPulse.Benchmarks.Detection;

/// <param name="PointsPerSecond">By the process's CPU time, on one thread.</param>
/// <param name="BytesPerPoint">Allocated on the heap.</param>
/// <param name="StateBytes">Kept for a series.</param>
internal sealed record SpeedResult(string Kind, double PointsPerSecond, double BytesPerPoint, double StateBytes);

/// <summary>The whole streaming path on ten thousand series, a minute a point, one thread: masks, scores, gate, calibrated alerts.</summary>
internal static class Speed
{
    private const int Series = 10_000, Ticks = 600, Repeated = 60;

    public static IEnumerable<SpeedResult> Measure() => Enum.GetValues<SignalKind>().Select(Measure);

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

    private static float Value(SignalKind kind, Random random) => random.NextDouble() < 0.01
        ? float.NaN
        : kind == SignalKind.Count ? (random.NextDouble() < 0.03 ? random.Next(1, 5) : 0) : 100 + random.NextSingle();
}
