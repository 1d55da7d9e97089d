using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Samples of one record of the log, as columns that are kept between uses.</summary>
/// <remarks>
/// <code>
/// [kind u8 = 2] [samples varint]
/// entries until all samples are told of: [difference of number to the entry before, zigzag] [samples of each varint] [entries alike varint]
/// times: [difference, zigzag] [alike varint]
/// values: a varint whose two low bits say what the others are
///   0  difference of whole numbers, zigzag           2  difference of thousandths, zigzag
///   1  the value as before                           3  no more: eight bytes follow
/// </code>
/// A time and a value are told as difference to the sample before it in its entry; the first of an entry to the series' last one in the segment before this
/// record; the first of a series in a segment to the record's first time, and to 0. A steady clock takes no bytes, a counter one or two a sample.
/// </remarks>
internal sealed class LogBatch
{
    private const byte Kind = 2;
    private const double ExactWholeEnd = 1L << 53;
    private const double ThousandthsEnd = 1L << 43;

    private int[] series = new int[1024];
    private long[] times = new long[1024];
    private double[] values = new double[1024];

    public int Count { get; private set; }

    public ReadOnlySpan<int> Series => series.AsSpan(0, Count);

    public ReadOnlySpan<long> Times => times.AsSpan(0, Count);

    public ReadOnlySpan<double> Values => values.AsSpan(0, Count);

    public void Clear() => Count = 0;

    public void Reserve(int count)
    {
        if (count > series.Length)
        {
            var length = Math.Max(count, series.Length * 2);
            Array.Resize(ref series, length);
            Array.Resize(ref times, length);
            Array.Resize(ref values, length);
        }
    }

    public void Add(int number, long unixMilliseconds, double value)
    {
        if (Count == series.Length)
        {
            Reserve(Count + 1);
        }

        series[Count] = number;
        times[Count] = unixMilliseconds;
        values[Count++] = value;
    }

    /// <param name="writer">Gets the record.</param>
    /// <param name="head">What the segment holds before the record.</param>
    public void Write(WireWriter writer, Head head)
    {
        writer.Byte(Kind);
        writer.Varint((ulong)Count);
        WriteEntries(writer);
        WriteTimes(writer, head);
        for (var i = 0; i < Count; i++)
        {
            WriteValue(writer, values[i], i > 0 && series[i] == series[i - 1] ? values[i - 1] : head.LastValue(series[i]));
        }
    }

    /// <summary>Takes the record's samples into this batch.</summary>
    /// <exception cref="FormatException">The bytes are no record.</exception>
    public void Read(ReadOnlySpan<byte> payload, Head head)
    {
        var reader = new WireReader(payload);
        var kind = reader.Byte();
        if (kind != Kind)
        {
            throw new FormatException($"A record has the unknown kind {kind}");
        }

        // each sample's value takes at least a byte
        Count = 0;
        var count = reader.CountOfRest();
        Reserve(count);
        ReadEntries(ref reader, count);
        Count = count;
        ReadTimes(ref reader, head);
        for (var i = 0; i < count; i++)
        {
            values[i] = ReadValue(ref reader, i > 0 && series[i] == series[i - 1] ? values[i - 1] : head.LastValue(series[i]));
        }

        if (!reader.AtEnd)
        {
            throw new FormatException($"{reader.Remaining} bytes follow a record's last sample");
        }
    }

    /// <returns>How many samples were of series that the catalog does not know.</returns>
    public int RemoveUnknown(SeriesCatalog catalog)
    {
        var kept = 0;
        for (var i = 0; i < Count; i++)
        {
            if (catalog.Knows(series[i]))
            {
                (series[kept], times[kept], values[kept]) = (series[i], times[i], values[i]);
                kept++;
            }
        }

        var removed = Count - kept;
        Count = kept;
        return removed;
    }

    private void WriteEntries(WireWriter writer)
    {
        var previous = -1;
        var run = (Step: 0L, Samples: 0, Entries: 0);
        for (var i = 0; i < Count;)
        {
            var end = i + 1;
            while (end < Count && series[end] == series[i])
            {
                end++;
            }

            var entry = (Step: (long)series[i] - previous, Samples: end - i);
            if (run.Entries > 0 && (run.Step, run.Samples) != entry)
            {
                WriteRun();
                run.Entries = 0;
            }

            run = (entry.Step, entry.Samples, run.Entries + 1);
            previous = series[i];
            i = end;
        }

        if (run.Entries > 0)
        {
            WriteRun();
        }

        void WriteRun()
        {
            writer.Zigzag(run.Step);
            writer.Varint((ulong)run.Samples);
            writer.Varint((ulong)run.Entries);
        }
    }

    private void ReadEntries(ref WireReader reader, int count)
    {
        long number = -1;
        for (var at = 0; at < count;)
        {
            var step = reader.Zigzag();
            var samples = reader.Varint();
            var entries = reader.Varint();
            var left = (ulong)(count - at);
            if (samples == 0 || entries == 0 || samples > left || entries > left / samples)
            {
                throw new FormatException($"A record tells of {entries} times {samples} samples where {left} are left");
            }

            for (var entry = 0UL; entry < entries; entry++)
            {
                number = unchecked(number + step);
                if (number is < 0 or > int.MaxValue)
                {
                    throw new FormatException($"{number} is no number of a series");
                }

                series.AsSpan(at, (int)samples).Fill((int)number);
                at += (int)samples;
            }
        }
    }

    private void WriteTimes(WireWriter writer, Head head)
    {
        var run = (Step: 0L, Times: 0UL);
        for (var i = 0; i < Count; i++)
        {
            var step = unchecked(times[i] - TimeBefore(i, head));
            if (run.Times > 0 && step != run.Step)
            {
                writer.Zigzag(run.Step);
                writer.Varint(run.Times);
                run.Times = 0;
            }

            run = (step, run.Times + 1);
        }

        if (run.Times > 0)
        {
            writer.Zigzag(run.Step);
            writer.Varint(run.Times);
        }
    }

    private void ReadTimes(ref WireReader reader, Head head)
    {
        for (var i = 0; i < Count;)
        {
            var step = reader.Zigzag();
            var alike = reader.Varint();
            if (alike == 0 || alike > (ulong)(Count - i))
            {
                throw new FormatException($"A record tells of {alike} times where {Count - i} are left");
            }

            for (; alike > 0; alike--, i++)
            {
                times[i] = unchecked(TimeBefore(i, head) + step);
            }
        }
    }

    private long TimeBefore(int i, Head head) => i > 0 && series[i] == series[i - 1]
        ? times[i - 1]
        : head.LastTime(series[i]) ?? (i > 0 ? times[0] : 0);

    private static void WriteValue(WireWriter writer, double value, double before)
    {
        if (BitConverter.DoubleToInt64Bits(value) == BitConverter.DoubleToInt64Bits(before))
        {
            writer.Byte(1);
        }
        else if (IsWhole(value))
        {
            writer.Varint(Zigzag((long)value - WholeBase(before)) << 2);
        }
        else if (IsThousandths(value, out var thousandths))
        {
            writer.Varint((Zigzag(thousandths - ThousandthsBase(before)) << 2) | 2);
        }
        else
        {
            writer.Byte(3);
            writer.Fixed64(BitConverter.DoubleToUInt64Bits(value));
        }
    }

    private static double ReadValue(ref WireReader reader, double before)
    {
        var token = reader.Varint();
        var number = token >> 2;
        var difference = (long)(number >> 1) ^ -(long)(number & 1);
        return (token & 3) switch
        {
            0 => WholeBase(before) + difference,
            1 => before,
            2 => (ThousandthsBase(before) + difference) / 1000.0,
            _ => BitConverter.UInt64BitsToDouble(reader.Fixed64()),
        };
    }

    private static bool IsWhole(double value) =>
        Math.Abs(value) < ExactWholeEnd && BitConverter.DoubleToInt64Bits((long)value) == BitConverter.DoubleToInt64Bits(value);

    private static bool IsThousandths(double value, out long thousandths)
    {
        thousandths = 0;
        if (!(Math.Abs(value) < ThousandthsEnd))
        {
            return false;
        }

        thousandths = (long)Math.Round(value * 1000);
        return BitConverter.DoubleToInt64Bits(thousandths / 1000.0) == BitConverter.DoubleToInt64Bits(value);
    }

    private static long WholeBase(double before) => Math.Abs(before) < ExactWholeEnd ? (long)before : 0;

    private static long ThousandthsBase(double before) => Math.Abs(before) < ThousandthsEnd ? (long)Math.Round(before * 1000) : 0;

    private static ulong Zigzag(long value) => (ulong)((value << 1) ^ (value >> 63));
}
