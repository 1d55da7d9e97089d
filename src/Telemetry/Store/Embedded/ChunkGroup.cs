using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Samples of one series, by its number in the day file.</summary>
internal readonly record struct NumberedColumns(int Series, ReadOnlyMemory<long> UnixMilliseconds, ReadOnlyMemory<double> Values);

/// <param name="series">Its number in the day file.</param>
/// <param name="times">When it was read, and which of these are wanted.</param>
/// <param name="values">Encoded, with <see cref="PackedIntegers.Padding"/> bytes behind them.</param>
internal delegate void FoundSeries(int series, ChunkTimes times, ReadOnlySpan<byte> values);

/// <summary>Samples of neighbouring series as bytes. Series that were read at the same times share one column of them.</summary>
/// <remarks>
/// <code>
/// [time columns varint] for each [samples varint] [packed times ...]
/// [series varint] for each [number above the one before, varint] [time column varint] [bytes of values varint]
/// [values ...] [8 zeros]
/// </code>
/// </remarks>
internal static class ChunkGroup
{
    /// <summary>Far above what is written, so that damaged counts are not believed.</summary>
    internal const int MostSamples = 64 << 20;

    /// <param name="writer">Gets the bytes.</param>
    /// <param name="values">A buffer of the caller's.</param>
    /// <param name="columns">In ascending order of number, each with at least one sample, ascending in time.</param>
    public static void Encode(WireWriter writer, WireWriter values, IReadOnlyList<NumberedColumns> columns)
    {
        var times = new TimeColumns();
        var places = new (int Time, int Bytes)[columns.Count];
        values.Clear();
        for (var i = 0; i < columns.Count; i++)
        {
            var start = values.Length;
            ValueCodec.Encode(values, columns[i].Values.Span);
            places[i] = (times.Add(columns[i].UnixMilliseconds), values.Length - start);
        }

        times.Write(writer);
        writer.Varint((ulong)columns.Count);
        var previous = -1;
        for (var i = 0; i < columns.Count; i++)
        {
            writer.Varint((ulong)(columns[i].Series - previous - 1));
            writer.Varint((ulong)places[i].Time);
            writer.Varint((ulong)places[i].Bytes);
            previous = columns[i].Series;
        }

        writer.Bytes(values.Written);
        writer.Fixed64(0);
    }

    /// <summary>Reads all samples of all series.</summary>
    /// <param name="group">What <see cref="Encode"/> wrote.</param>
    /// <param name="room">Gets the values.</param>
    /// <param name="found">Gets each series.</param>
    /// <exception cref="FormatException">The bytes are no group.</exception>
    public static void Decode(ReadOnlySpan<byte> group, ValueRoom room, Action<NumberedColumns> found) =>
        Find(group, [], long.MinValue, long.MaxValue, (series, times, values) =>
        {
            var decoded = room.Take(times.Count);
            times.Decode(values, decoded.Span);
            found(new NumberedColumns(series, times.Wanted, decoded));
        });

    /// <summary>Finds some of the series, with their values as they are.</summary>
    /// <param name="group">What <see cref="Encode"/> wrote.</param>
    /// <param name="wanted">Ascending numbers; empty for all.</param>
    /// <param name="from">First wanted time.</param>
    /// <param name="to">Last wanted time.</param>
    /// <param name="found">Gets each that has samples in the range.</param>
    /// <exception cref="FormatException">The bytes are no group.</exception>
    public static void Find(ReadOnlySpan<byte> group, ReadOnlySpan<int> wanted, long from, long to, FoundSeries found)
    {
        var reader = new WireReader(group);
        var times = new ChunkTimes[reader.CountOfRest()];
        for (var i = 0; i < times.Length; i++)
        {
            times[i] = ChunkTimes.Read(ref reader, from, to);
        }

        var count = reader.CountOfRest();
        var directory = reader;
        var total = 0;
        for (var i = 0; i < count; i++)
        {
            reader.Varint();
            reader.Varint();
            total = checked(total + Number(reader.Varint(), group.Length));
        }

        if (reader.Remaining != total + PackedIntegers.Padding)
        {
            throw new FormatException($"A group announces {total} bytes of values and has {reader.Remaining - PackedIntegers.Padding}");
        }

        var values = group[^reader.Remaining..];
        var series = -1;
        for (var i = 0; i < count; i++)
        {
            series += Number(directory.Varint(), MostSamples) + 1;
            var column = times[Number(directory.Varint(), times.Length - 1)];
            var bytes = Number(directory.Varint(), values.Length - PackedIntegers.Padding);
            var own = values[..(bytes + PackedIntegers.Padding)];
            values = values[bytes..];
            while (wanted.Length > 0 && wanted[0] < series)
            {
                wanted = wanted[1..];
                if (wanted.IsEmpty)
                {
                    return;
                }
            }

            if (column.Count > 0 && (wanted.IsEmpty || wanted[0] == series))
            {
                found(series, column, own);
            }
        }
    }

    /// <summary>Tells which series have samples in the range, from the times alone.</summary>
    /// <exception cref="FormatException">The bytes are no group.</exception>
    public static void Present(ReadOnlySpan<byte> group, long from, long to, Action<int> found)
    {
        var reader = new WireReader(group);
        var times = new ChunkTimes[reader.CountOfRest()];
        for (var i = 0; i < times.Length; i++)
        {
            times[i] = ChunkTimes.Read(ref reader, from, to);
        }

        var count = reader.CountOfRest();
        var series = -1;
        for (var i = 0; i < count; i++)
        {
            series += Number(reader.Varint(), MostSamples) + 1;
            var column = times[Number(reader.Varint(), times.Length - 1)];
            reader.Varint();
            if (column.Count > 0)
            {
                found(series);
            }
        }
    }

    internal static int Number(ulong value, int most) => value <= (ulong)Math.Max(0, most) ? (int)value : throw new FormatException($"A group holds the number {value} where {most} is the most");

    /// <summary>The different time columns of a group being written.</summary>
    private sealed class TimeColumns
    {
        private readonly List<ReadOnlyMemory<long>> columns = [];
        private readonly Dictionary<(int Count, long First, long Last), List<int>> byShape = [];

        public int Add(ReadOnlyMemory<long> times)
        {
            var shape = (times.Length, times.Span[0], times.Span[^1]);
            if (!byShape.TryGetValue(shape, out var alike))
            {
                alike = [];
                byShape.Add(shape, alike);
            }

            foreach (var column in alike)
            {
                if (columns[column].Span.SequenceEqual(times.Span))
                {
                    return column;
                }
            }

            alike.Add(columns.Count);
            columns.Add(times);
            return columns.Count - 1;
        }

        public void Write(WireWriter writer)
        {
            writer.Varint((ulong)columns.Count);
            foreach (var column in columns)
            {
                writer.Varint((ulong)column.Length);
                for (var start = 0; start < column.Length; start += PackedIntegers.Most)
                {
                    PackedIntegers.Encode(writer, column.Span.Slice(start, Math.Min(PackedIntegers.Most, column.Length - start)));
                }
            }
        }
    }
}
