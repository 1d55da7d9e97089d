using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded.RollUps;

/// <summary>Roll-ups of one series, by its number in the file.</summary>
internal readonly record struct NumberedRollUps(int Series, IReadOnlyList<RollUp> RollUps);

/// <summary>Roll-ups of several series as bytes: one block for all but the sketches, which few questions need, and one for these.</summary>
/// <remarks>
/// <code>
/// [series varint] for each [number above the one before, varint] [bytes varint]
/// for each [roll-ups varint] [packed: ends in lengths] [counts] [end less first time] [end less last time]
///          [shape: 1 min is first, 2 max is last, 4 nothing was lost to resets] [values: first] [last] [sum] [min] [max] [lost]
/// [8 zeros]
/// sketches, in the same order: for each series [bytes varint], for each of its roll-ups [bytes varint] [sketch]
/// </code>
/// </remarks>
internal static class RollUpGroup
{
    /// <summary>Far above what a day holds, so that damaged counts are not believed.</summary>
    private const int MostRollUps = 4096;

    private const int MostSeries = 1 << 30;

    private const int MinIsFirst = 1;
    private const int MaxIsLast = 2;
    private const int NothingLost = 4;

    /// <param name="numbers">Gets all but the sketches.</param>
    /// <param name="sketches">Gets these.</param>
    /// <param name="group">In ascending order of number, each with at least one roll-up.</param>
    /// <param name="length">Of each roll-up.</param>
    public static void Encode(WireWriter numbers, WireWriter sketches, IReadOnlyList<NumberedRollUps> group, RollUpLength length)
    {
        var body = new WireWriter();
        var own = new WireWriter();
        numbers.Varint((ulong)group.Count);
        var previous = -1;
        foreach (var (series, rollUps) in group)
        {
            var begin = body.Length;
            EncodeSeries(body, rollUps, length);
            numbers.Varint((ulong)(series - previous - 1));
            numbers.Varint((ulong)(body.Length - begin));
            previous = series;
            own.Clear();
            foreach (var rollUp in rollUps)
            {
                own.Varint((ulong)rollUp.Sketch.Bytes.Length);
                own.Bytes(rollUp.Sketch.Bytes.Span);
            }

            sketches.Varint((ulong)own.Length);
            sketches.Bytes(own.Written);
        }

        numbers.Bytes(body.Written);
        numbers.Fixed64(0);
    }

    /// <param name="numbers">What <see cref="Encode"/> wrote.</param>
    /// <param name="sketches">Likewise; empty where they are not wanted.</param>
    /// <param name="wanted">Ascending numbers.</param>
    /// <param name="length">Of each roll-up.</param>
    /// <param name="found">Gets each series that is there.</param>
    /// <exception cref="FormatException">The bytes are no group.</exception>
    public static void Decode(ReadOnlySpan<byte> numbers, ReadOnlyMemory<byte> sketches, ReadOnlySpan<int> wanted, RollUpLength length, Action<int, RollUp[]> found)
    {
        var directory = new WireReader(numbers);
        var count = directory.CountOfRest();
        var body = directory;
        for (var i = 0; i < count; i++)
        {
            body.Varint();
            body.Varint();
        }

        var rest = new WireReader(sketches.Span);
        var series = -1;
        for (var i = 0; i < count && !wanted.IsEmpty; i++)
        {
            series += Number(directory.Varint(), MostSeries - series) + 1;
            var bytes = Number(directory.Varint(), body.Remaining);
            var own = body;
            body.Take(bytes);
            var sketchesEnd = 0;
            var sketchesBegin = 0;
            if (!sketches.IsEmpty)
            {
                var sketchBytes = rest.CountOfRest();
                sketchesBegin = sketches.Length - rest.Remaining;
                rest.Take(sketchBytes);
                sketchesEnd = sketchesBegin + sketchBytes;
            }

            while (!wanted.IsEmpty && wanted[0] < series)
            {
                wanted = wanted[1..];
            }

            if (!wanted.IsEmpty && wanted[0] == series)
            {
                found(series, DecodeSeries(ref own, sketches[sketchesBegin..sketchesEnd], length));
            }
        }
    }

    private static void EncodeSeries(WireWriter writer, IReadOnlyList<RollUp> rollUps, RollUpLength length)
    {
        writer.Varint((ulong)rollUps.Count);
        Integers(static (one, length) => one.End / (long)length);
        Integers(static (one, _) => one.Count);
        Integers(static (one, _) => one.End - one.FirstAt);
        Integers(static (one, _) => one.End - one.LastAt);
        var shape = (rollUps.All(static one => Same(one.Min, one.First)) ? MinIsFirst : 0)
            | (rollUps.All(static one => Same(one.Max, one.Last)) ? MaxIsLast : 0)
            | (rollUps.All(static one => Same(one.LostToResets, 0)) ? NothingLost : 0);
        writer.Byte((byte)shape);
        Values(true, static one => one.First);
        Values(true, static one => one.Last);
        Values(true, static one => one.Sum);
        Values((shape & MinIsFirst) == 0, static one => one.Min);
        Values((shape & MaxIsLast) == 0, static one => one.Max);
        Values((shape & NothingLost) == 0, static one => one.LostToResets);

        void Integers(Func<RollUp, RollUpLength, long> of)
        {
            var column = rollUps.Select(one => of(one, length)).ToArray();
            for (var start = 0; start < column.Length; start += PackedIntegers.Most)
            {
                PackedIntegers.Encode(writer, column.AsSpan(start, Math.Min(PackedIntegers.Most, column.Length - start)));
            }
        }

        void Values(bool differ, Func<RollUp, double> of)
        {
            if (differ)
            {
                ValueCodec.Encode(writer, rollUps.Select(of).ToArray());
            }
        }
    }

    private static RollUp[] DecodeSeries(ref WireReader reader, ReadOnlyMemory<byte> sketches, RollUpLength length)
    {
        var announced = reader.Varint();
        if (announced is 0 or > MostRollUps)
        {
            throw new FormatException($"A series has {announced} roll-ups");
        }

        var count = (int)announced;
        var (ends, counts, firsts, lasts) = (Integers(ref reader), Integers(ref reader), Integers(ref reader), Integers(ref reader));
        var shape = reader.Byte();
        var (first, last, sum) = (Values(ref reader), Values(ref reader), Values(ref reader));
        var min = (shape & MinIsFirst) == 0 ? Values(ref reader) : first;
        var max = (shape & MaxIsLast) == 0 ? Values(ref reader) : last;
        var lost = (shape & NothingLost) == 0 ? Values(ref reader) : null;
        var rollUps = new RollUp[count];
        var sketch = new WireReader(sketches.Span);
        for (var i = 0; i < count; i++)
        {
            var own = ReadOnlyMemory<byte>.Empty;
            if (!sketches.IsEmpty)
            {
                var bytes = sketch.CountOfRest();
                own = sketches.Slice(sketches.Length - sketch.Remaining, bytes);
                sketch.Take(bytes);
            }

            var end = ends[i] * (long)length;
            rollUps[i] = new RollUp(
                end, counts[i], end - firsts[i], first[i], end - lasts[i], last[i], sum[i], min[i], max[i], lost is null ? 0 : lost[i], new QuantileSketch(own));
        }

        return rollUps;

        long[] Integers(ref WireReader from)
        {
            var column = new long[count];
            for (var start = 0; start < count; start += PackedIntegers.Most)
            {
                PackedIntegers.Decode(ref from, column.AsSpan(start, Math.Min(PackedIntegers.Most, count - start)));
            }

            return column;
        }

        double[] Values(ref WireReader from)
        {
            var column = new double[count];
            ValueCodec.Decode(ref from, count, 0, column);
            return column;
        }
    }

    private static int Number(ulong value, int most) =>
        value <= (ulong)most ? (int)value : throw new FormatException($"A group of roll-ups holds the number {value} where {most} is the most");

    private static bool Same(double left, double right) => BitConverter.DoubleToInt64Bits(left) == BitConverter.DoubleToInt64Bits(right);
}
