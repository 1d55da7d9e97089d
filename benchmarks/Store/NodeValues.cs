namespace NetPulse.Store.Benchmarks;

/// <summary>What series read every 15 s: nine in ten whole numbers, as in <see cref="Workload"/>.</summary>
internal sealed class NodeValues(int series)
{
    /// <summary>Between two readings.</summary>
    public const int Seconds = 15;

    private readonly double[] values = new double[series];
    private readonly Random random = new(15);

    public double Next(int of) => values[of] = Next(of, values[of]);

    /// <summary>Goes on as the first series of others do, again and again.</summary>
    public void GoOnFrom(NodeValues others)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = others.values[i % others.values.Length];
        }
    }

    /// <summary>A whole day of each series.</summary>
    public IEnumerable<(long[] UnixMilliseconds, double[] Values)> Day(DateTimeOffset begin)
    {
        const int Readings = 86_400 / Seconds;
        long[] times = [.. Enumerable.Range(0, Readings).Select(i => begin.ToUnixTimeMilliseconds() + (i * Seconds * 1000L))];
        var read = new double[Readings];
        for (var of = 0; of < values.Length; of++)
        {
            for (var i = 0; i < Readings; i++)
            {
                read[i] = Next(of);
            }

            yield return (times, read);
        }
    }

    private double Next(int of, double value) => (of % 10) switch
    {
        0 => Math.Round(value + (random.Next(-100, 101) / 1000.0), 3),
        <= 5 => value + random.Next(0, 200),
        _ => Math.Max(0, value + random.Next(-100, 101)),
    };
}
