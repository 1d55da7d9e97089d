using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Embedded.RollUps;
using NetPulse.Telemetry.Store.Wire;
using NetPulse.Tests;

namespace NetPulse.Telemetry.Tests.Store.Embedded;

public sealed class RollUpGroupTests
{
    private const RollUpLength Length = RollUpLength.FiveMinutes;
    private const int Series = 3;

    private static readonly double[] Odd = [0, -0.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue, 0.1, -7, 1e15];

    [Fact]
    public void Whatever_roll_ups_are_written_come_back()
    {
        foreach (var seed in Fuzzing.Rounds(500))
        {
            var group = Group(new Random(seed));
            var (numbers, sketches) = Encode(group);
            var found = new List<NumberedRollUps>();
            RollUpGroup.Decode(numbers, sketches, [.. group.Select(static one => one.Series)], Length, (series, rollUps) => found.Add(new NumberedRollUps(series, rollUps)));
            Assert.Equal(group.SelectMany(Content), found.SelectMany(Content));
        }
    }

    [Fact]
    public void Whatever_the_bytes_it_throws_FormatException_or_nothing()
    {
        var (goodNumbers, goodSketches) = Encode(Group(new Random(4)));
        foreach (var seed in Fuzzing.Rounds(20_000))
        {
            var random = new Random(seed);
            var (numbers, sketches) = (Changed(goodNumbers, random), seed % 2 == 0 ? goodSketches : Changed(goodSketches, random));
            try
            {
                RollUpGroup.Decode(numbers, sketches, [0, 1, 2, 5, 9], Length, static (_, rollUps) =>
                {
                    foreach (var rollUp in rollUps)
                    {
                        rollUp.Sketch.AddTo([]);
                    }
                });
            }
            catch (FormatException)
            {
                // this is the answer to what is no group
            }
        }
    }

    private static byte[] Changed(byte[] good, Random random)
    {
        var bytes = (byte[])good.Clone();
        switch (random.Next(3))
        {
            case 0:
                bytes = new byte[random.Next(60)];
                random.NextBytes(bytes);
                return bytes;
            case 1:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
            default:
                return bytes[..random.Next(bytes.Length)];
        }
    }

    private static NumberedRollUps[] Group(Random random) =>
        [.. Enumerable.Range(0, Series).Select(i => new NumberedRollUps((i * 2) + random.Next(2), RollUpMaker.Of(Times(random), Values(random), Length, withSketches: true)))];

    private static long[] Times(Random random) => [.. Enumerable.Range(0, 100).Select(i => 1_700_000_000_000 + (i * 15_000L) + random.Next(1000))];

    private static double[] Values(Random random) =>
        [.. Enumerable.Range(0, 100).Select(i => random.Next(10) == 0 ? Odd[random.Next(Odd.Length)] : random.Next(3) == 0 ? i : random.NextDouble() * i)];

    private static (byte[] Numbers, byte[] Sketches) Encode(NumberedRollUps[] group)
    {
        var (numbers, sketches) = (new WireWriter(), new WireWriter());
        RollUpGroup.Encode(numbers, sketches, group, Length);
        return (numbers.Written.ToArray(), sketches.Written.ToArray());
    }

    private static IEnumerable<string> Content(NumberedRollUps series) => series.RollUps.Select(one => string.Join(' ',
        series.Series, one.End, one.Count, one.FirstAt, one.LastAt, Bits(one.First), Bits(one.Last), Bits(one.Sum), Bits(one.Min), Bits(one.Max), Bits(one.LostToResets), Convert.ToHexString(one.Sketch.Bytes.Span)));

    private static long Bits(double value) => BitConverter.DoubleToInt64Bits(value);
}
