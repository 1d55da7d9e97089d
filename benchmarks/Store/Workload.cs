using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Store.Benchmarks;

/// <summary>The samples that every store is loaded with: an hour of 50,000 series, then a day of 500, every 15 s. The same in every run but for the time.</summary>
/// <remarks>
/// Nine series in ten hold whole numbers (counters and gauges), one in ten three decimals. A node's series follow each other as a collector sends them,
/// so the 10,000 series of one metric are every fifth.
/// </remarks>
internal sealed class Workload
{
    public const int HourSeries = 50_000;
    public const int HourSteps = 240;
    public const int DaySeries = 500;
    public const int DaySteps = 5760;
    public const int Metrics = 5;
    public const long StepMilliseconds = 15_000;
    public const string DayMetric = "bench_day";

    private readonly LabelSet[] hour;
    private readonly LabelSet[] day;

    public Workload(DateTimeOffset end)
    {
        End = DateTimeOffset.FromUnixTimeMilliseconds(end.ToUnixTimeMilliseconds() / StepMilliseconds * StepMilliseconds);
        hour = [.. Enumerable.Range(0, HourSeries).Select(i => Labels(Metric(i % Metrics), i / Metrics))];
        day = [.. Enumerable.Range(0, DaySeries).Select(i => Labels(DayMetric, i))];
    }

    /// <summary>Time of the last sample of every series.</summary>
    public DateTimeOffset End { get; }

    public static long Samples => ((long)HourSeries * HourSteps) + ((long)DaySeries * DaySteps);

    public static string Metric(int number) => $"bench_hour_{number}";

    /// <summary>All samples as a server is sent them: so many series with so many consecutive samples each. A batch is good until the next one is asked for.</summary>
    public IEnumerable<Sample[]> Batches(int series, int samplesOfEach) =>
        Batches(day, DaySteps, series, samplesOfEach).Concat(Batches(hour, HourSteps, series, samplesOfEach));

    /// <summary>All samples fifty thousand at a time: of the day's series a hundred each, of the hour's one.</summary>
    public IEnumerable<Sample[]> LongBatches() =>
        Batches(day, DaySteps, DaySeries, HourSeries / DaySeries).Concat(Batches(hour, HourSteps, HourSeries, 1));

    private static LabelSet Labels(string metric, int pod) => LabelSet.Of(
        metric,
        ("cluster", "production-eu-1"),
        ("direction", pod % 2 == 0 ? "transmit" : "receive"),
        ("namespace", $"team-{pod / 100 % 20}"),
        ("node", $"node-{pod / 100:000}.example.internal"),
        ("pod", $"service-{pod % 37}-7d9f8b6c5-{pod * 7919 % 99991:x5}"),
        ("workload", $"service-{pod % 37}"));

    private IEnumerable<Sample[]> Batches(LabelSet[] labels, int steps, int series, int samplesOfEach)
    {
        var values = new double[labels.Length];
        var random = new Random(15);
        Sample[] batch = [];
        for (var step = 0; step < steps; step += samplesOfEach)
        {
            var count = Math.Min(samplesOfEach, steps - step);
            for (var first = 0; first < labels.Length; first += series)
            {
                var samples = Math.Min(series, labels.Length - first) * count;
                batch = batch.Length == samples ? batch : new Sample[samples];
                for (var i = 0; i < batch.Length; i++)
                {
                    var one = first + (i / count);
                    values[one] = Next(one, values[one], random);
                    var at = End.ToUnixTimeMilliseconds() - ((steps - 1 - step - (i % count)) * StepMilliseconds);
                    batch[i] = new Sample(labels[one], at, values[one]);
                }

                yield return batch;
            }
        }
    }

    private static double Next(int series, double value, Random random) => (series / Metrics % 10) switch
    {
        0 => Math.Round(value + (random.Next(-100, 101) / 1000.0), 3),
        <= 5 => value + random.Next(0, 200),
        _ => Math.Max(0, value + random.Next(-100, 101)),
    };
}
