using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Tests.Query;

/// <summary>Fifty minutes of series as they are found: restarts, gaps, ends, uneven intervals, infinities, buckets.</summary>
internal static class QueryData
{
    private const long Second = 1000;

    private static readonly long Stale = 0x7ff0_0000_0000_0002;

    public static readonly TimeSpan Length = TimeSpan.FromMinutes(50);

    public static List<Sample> From(DateTimeOffset start, Random random)
    {
        var samples = new List<Sample>();
        string[] pods = ["a-1", "a-2", "b-1", "b-2", "c-1"];
        string[] nodes = ["n1", "n2"];
        var first = start.ToUnixTimeMilliseconds();
        foreach (var pod in pods)
        {
            foreach (var node in nodes)
            {
                (string, string)[] labels = [("pod", pod), ("node", node), ("app", pod[..1])];
                Counter(samples, LabelSet.Of("requests_total", labels), first, random);
                Counter(samples, LabelSet.Of("errors_total", labels), first, random);
                Gauge(samples, LabelSet.Of("temperature", labels), first, random);
            }

            Gauge(samples, LabelSet.Of("limit", ("pod", pod), ("kind", pod.EndsWith('1') ? "soft" : "hard")), first, random);
            Buckets(samples, LabelSet.Of("latency_bucket", ("pod", pod)), first, random);
        }

        foreach (var node in nodes)
        {
            samples.Add(new Sample(LabelSet.Of("node_info", ("node", node), ("zone", $"z{node[1]}")), first, 1));
            for (var at = first; at < first + (long)Length.TotalMilliseconds; at += 60 * Second)
            {
                samples.Add(new Sample(LabelSet.Of("node_info", ("node", node), ("zone", $"z{node[1]}")), at + 1, 1));
            }
        }

        double[] odd = [0, -0.0, 1e300, double.PositiveInfinity, double.NegativeInfinity, double.NaN, 1e-300, -7.5];
        for (var i = 0; i < odd.Length * 6; i++)
        {
            samples.Add(new Sample(LabelSet.Of("odd", ("i", $"{i % 3}")), first + (i * 20 * Second), odd[i * 7 % odd.Length]));
        }

        samples.Sort(static (left, right) => left.UnixMilliseconds.CompareTo(right.UnixMilliseconds));
        return samples;
    }

    private static void Counter(List<Sample> samples, LabelSet labels, long first, Random random)
    {
        var value = (double)random.Next(1000);
        foreach (var at in Times(first, random))
        {
            value = random.Next(40) == 0 ? random.Next(5) : value + random.Next(100);
            samples.Add(new Sample(labels, at, value));
        }
    }

    private static void Gauge(List<Sample> samples, LabelSet labels, long first, Random random)
    {
        var value = random.NextDouble() * 100;
        foreach (var at in Times(first, random))
        {
            value += (random.NextDouble() * 10) - 5;
            // the marker that a sender writes when a series ended
            samples.Add(new Sample(labels, at, random.Next(25) == 0 ? BitConverter.Int64BitsToDouble(Stale) : Math.Round(value, 3)));
        }
    }

    private static void Buckets(List<Sample> samples, LabelSet labels, long first, Random random)
    {
        string[] bounds = ["0.1", "0.5", "1", "2.5", "+Inf"];
        var counts = new double[bounds.Length];
        foreach (var at in Times(first, random))
        {
            var below = 0.0;
            for (var i = 0; i < bounds.Length; i++)
            {
                counts[i] += random.Next(10);
                below += counts[i];
                samples.Add(new Sample(labels.With("le", bounds[i]), at, below));
            }
        }
    }

    private static IEnumerable<long> Times(long first, Random random)
    {
        var interval = random.Next(3) switch { 0 => 5 * Second, 1 => 15 * Second, _ => 30 * Second };
        var uneven = random.Next(2) == 0;
        var gap = random.Next(3) == 0 ? first + (random.Next(10, 30) * 60 * Second) : long.MaxValue;
        for (var at = first + random.Next((int)interval); at < first + (long)Length.TotalMilliseconds; at += interval)
        {
            if (at < gap || at > gap + (8 * 60 * Second))
            {
                yield return uneven ? at + random.Next(2000) : at;
            }
        }
    }
}
