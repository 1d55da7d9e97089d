using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Telemetry.Store.Wire;
using NetPulse.Tests;

namespace NetPulse.Telemetry.Tests.Store.Embedded;

public sealed class ChunkGroupTests
{
    private static readonly double[] Odd =
    [
        0, -0.0, 1, -1, double.NaN, -double.NaN, BitConverter.UInt64BitsToDouble(0x7ff0_dead_beef_0001), BitConverter.UInt64BitsToDouble(0x7ff0_0000_0000_0002),
        double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue, double.MinValue, 1L << 53, -(1L << 53), (1L << 53) - 1.0,
        -((1L << 53) - 1.0), (1L << 53) + 2.0, 0.1, 1e300, 4.9e-324, 123456.789, 1e15 + 0.125, 1e-12, 9.007199254740991,
    ];

    [Fact]
    public void Every_double_comes_back_bit_by_bit() => AssertLossless([.. Odd.Select((_, i) => i * 1000L)], Odd);

    [Fact]
    public void Every_double_comes_back_alone() => Assert.All(Odd, static value => AssertLossless([7], [value]));

    [Fact]
    public void Every_time_comes_back() =>
        AssertLossless([long.MinValue, -1, 0, 1, 1_700_000_000_000, long.MaxValue - 1, long.MaxValue], [1, 2, 3, 4, 5, 6, 7]);

    [Fact]
    public void An_odd_value_costs_only_its_block()
    {
        var values = Enumerable.Range(0, 1280).Select(i => i * 7.0).ToArray();
        var plain = Encode([.. values.Select((_, i) => i * 1000L)], values).Length;
        values[300] = double.NaN;
        Assert.InRange(Encode([.. values.Select((_, i) => i * 1000L)], values).Length, plain, plain + (128 * 9));
        AssertLossless([.. values.Select((_, i) => i * 1000L)], values);
    }

    [Fact]
    public void Whatever_is_written_comes_back()
    {
        var random = new Random(1);
        for (var round = 0; round < 3000; round++)
        {
            var times = new long[random.Next(1, 400)];
            var values = new double[times.Length];
            var kind = random.Next(8);
            var scale = Math.Pow(10, random.Next(0, 14));
            var walk = 0.0;
            for (var i = 0; i < times.Length; i++)
            {
                times[i] = (i * 5000L) + random.Next(-3, 4);
                walk += random.Next(-50, 100);
                values[i] = kind switch
                {
                    0 => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)),
                    1 => random.Next(-1000, 1000),
                    2 => random.NextDouble(),
                    3 => walk,
                    4 => Math.Round(walk) / scale,
                    5 => random.NextInt64(-(1L << 53), 1L << 53),
                    6 => 42.5,
                    _ => Odd[random.Next(Odd.Length)],
                };
            }

            AssertLossless(times, values);
        }
    }

    [Fact]
    public void A_part_of_the_time_is_read_as_the_whole_would_be()
    {
        var random = new Random(3);
        var columns = Enumerable.Range(0, 20).Select(series => new NumberedColumns(
            (series * 3) + 700,
            Enumerable.Range(0, 300).Select(i => (i * 10L) + (series % 3)).ToArray(),
            Enumerable.Range(0, 300).Select(i => i % 50 == 0 ? double.NaN : random.Next(1000)).ToArray())).ToList();
        var group = Encode(columns);
        for (var round = 0; round < 300; round++)
        {
            var (from, to) = (random.NextInt64(-100, 3100), random.NextInt64(-100, 3100));
            int[] wanted = [.. columns.Select(one => one.Series).Where(_ => random.Next(2) == 0).Append(5).Append(9999).Order()];
            var found = new List<NumberedColumns>();
            ChunkGroup.Find(group, wanted, from, to, (series, times, values) =>
            {
                var decoded = new double[times.Count];
                times.Decode(values, decoded);
                found.Add(new NumberedColumns(series, times.Wanted, decoded));
            });
            var expected = columns.Where(one => wanted.Contains(one.Series))
                .Select(one => (one.Series, Samples: Samples(one).Where(sample => sample.Time >= from && sample.Time <= to).ToArray()))
                .Where(one => one.Samples.Length > 0).ToList();
            Assert.Equal(expected.Select(one => one.Series), found.Select(one => one.Series));
            Assert.Equal(expected.Select(one => one.Samples), found.Select(one => Samples(one).ToArray()));
        }
    }

    [Fact]
    public void Series_that_were_read_together_share_their_times()
    {
        var times = Enumerable.Range(0, 100).Select(i => 1_700_000_000_000 + (i * 15_000L) + (i * i % 7)).ToArray();
        var one = Encode([new NumberedColumns(0, times, new double[100])]).Length;
        var many = Encode([.. Enumerable.Range(0, 100).Select(i => new NumberedColumns(i, times.ToArray(), new double[100]))]).Length;
        Assert.InRange(many, one, one + (99 * 8));
    }

    [Fact]
    public void A_counter_read_by_a_steady_clock_takes_about_the_bits_of_its_differences()
    {
        var random = new Random(4);
        var counter = 1e9;
        var values = Enumerable.Range(0, 1280).Select(_ => counter += random.Next(256)).ToArray();
        Assert.InRange(Encode([.. values.Select((_, i) => 1_700_000_000_000 + (i * 15_000L))], values).Length, 1200, 1500);
    }

    [Fact]
    public void Whatever_the_bytes_it_throws_FormatException_or_nothing()
    {
        var good = Encode([.. Enumerable.Range(0, 5).Select(series => new NumberedColumns(
            series, Enumerable.Range(0, 40).Select(i => i * 5000L).ToArray(), Enumerable.Range(0, 40).Select(i => series == 2 ? double.NaN : i * 0.3).ToArray()))]);
        foreach (var seed in Fuzzing.Rounds(60_000))
        {
            var random = new Random(seed);
            var bytes = (byte[])good.Clone();
            switch (seed % 3)
            {
                case 0:
                    bytes = new byte[random.Next(0, 60)];
                    random.NextBytes(bytes);
                    break;
                case 1:
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                    break;
                default:
                    bytes = bytes[..random.Next(bytes.Length)];
                    break;
            }

            try
            {
                ChunkGroup.Decode(bytes, new ValueRoom(), static _ => { });
            }
            catch (FormatException)
            {
                // this is the answer to what is no group
            }
        }
    }

    private static IEnumerable<(long Time, long Bits)> Samples(NumberedColumns columns) =>
        columns.UnixMilliseconds.ToArray().Zip(columns.Values.ToArray().Select(BitConverter.DoubleToInt64Bits));

    private static void AssertLossless(long[] times, double[] values)
    {
        var found = new List<NumberedColumns>();
        ChunkGroup.Decode(Encode(times, values), new ValueRoom(), found.Add);
        Assert.Equal(Samples(new NumberedColumns(3, times, values)), Samples(Assert.Single(found)));
    }

    private static byte[] Encode(long[] times, double[] values) => Encode([new NumberedColumns(3, times, values)]);

    private static byte[] Encode(IReadOnlyList<NumberedColumns> columns)
    {
        var writer = new WireWriter();
        ChunkGroup.Encode(writer, new WireWriter(), columns);
        return writer.Written.ToArray();
    }
}
