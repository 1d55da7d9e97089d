using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Tests.Store.Embedded;

public sealed class ChunkCodecTests
{
    private static readonly double[] Odd =
    [
        0, -0.0, 1, -1, double.NaN, -double.NaN, BitConverter.UInt64BitsToDouble(0x7ff0_dead_beef_0001), double.PositiveInfinity,
        double.NegativeInfinity, double.Epsilon, double.MaxValue, double.MinValue, 1L << 53, -(1L << 53), (1L << 53) + 2.0, 0.1, 1e300, 4.9e-324,
    ];

    [Fact]
    public void Every_double_comes_back_bit_by_bit() => AssertLossless([.. Odd.Select((_, i) => i * 1000L)], Odd);

    [Fact]
    public void Every_time_comes_back() =>
        AssertLossless([long.MinValue, -1, 0, 1, 1_700_000_000_000, long.MaxValue - 1, long.MaxValue], [1, 2, 3, 4, 5, 6, 7]);

    [Fact]
    public void A_minus_zero_among_whole_numbers_stays_negative() => AssertLossless([1, 2, 3], [5, -0.0, 7]);

    [Fact]
    public void No_samples_are_a_chunk_too() => AssertLossless([], []);

    [Fact]
    public void Whatever_is_written_comes_back()
    {
        var random = new Random(1);
        for (var round = 0; round < 2000; round++)
        {
            var times = new long[random.Next(0, 50)];
            var values = new double[times.Length];
            var kind = random.Next(4);
            for (var i = 0; i < times.Length; i++)
            {
                times[i] = kind == 0 ? random.NextInt64(long.MinValue, long.MaxValue) : (i * 5000L) + random.Next(-3, 4);
                values[i] = kind switch
                {
                    0 => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)),
                    1 => random.Next(-1000, 1000),
                    2 => random.NextDouble(),
                    _ => Odd[random.Next(Odd.Length)],
                };
            }

            AssertLossless(times, values);
        }
    }

    [Fact]
    public void Whatever_the_bytes_it_throws_FormatException_or_nothing()
    {
        var random = new Random(2);
        var good = Encode([.. Enumerable.Range(0, 40).Select(i => i * 5000L)], [.. Enumerable.Range(0, 40).Select(i => i * 0.3)]);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = round % 2 == 0 ? new byte[random.Next(0, 40)] : (byte[])good.Clone();
            if (round % 2 == 0)
            {
                random.NextBytes(bytes);
            }
            else
            {
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            }

            try
            {
                ChunkCodec.Decode(bytes);
            }
            catch (FormatException)
            {
                // this is the answer to what is no chunk
            }
        }
    }

    [Fact]
    public void A_counter_read_by_a_steady_clock_takes_few_bytes()
    {
        var chunk = Encode([.. Enumerable.Range(0, 1000).Select(i => 1_700_000_000_000 + (i * 5000L))], [.. Enumerable.Range(0, 1000).Select(i => i * 1500.0)]);
        Assert.InRange(chunk.Length, 1000, 3100);
    }

    private static void AssertLossless(long[] times, double[] values)
    {
        var (decodedTimes, decodedValues) = ChunkCodec.Decode(Encode(times, values));
        Assert.Equal(times, decodedTimes);
        Assert.Equal(values.Select(BitConverter.DoubleToUInt64Bits), decodedValues.Select(BitConverter.DoubleToUInt64Bits));
    }

    private static byte[] Encode(long[] times, double[] values)
    {
        var writer = new WireWriter();
        ChunkCodec.Encode(writer, times, values);
        return writer.Written.ToArray();
    }
}
