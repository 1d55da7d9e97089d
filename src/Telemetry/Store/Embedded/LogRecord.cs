using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>One sample in the log.</summary>
internal readonly record struct LogPoint(int Series, long UnixMilliseconds, double Value);

/// <summary>What one record of the log says: the series that are new to its segment, and samples.</summary>
/// <param name="FirstSeries">Number of the first new series; the others follow it.</param>
/// <remarks>
/// <code>
/// [kind u8 = 1] [first series varint] [new series varint] [labels ...] [samples varint] [series varint, time since the one before zigzag, bits u64 ...]
/// </code>
/// </remarks>
internal sealed record LogRecord(int FirstSeries, IReadOnlyList<LabelSet> Series, IReadOnlyList<LogPoint> Points)
{
    private const byte Kind = 1;

    public void Write(WireWriter writer)
    {
        writer.Byte(Kind);
        writer.Varint((ulong)FirstSeries);
        writer.Varint((ulong)Series.Count);
        foreach (var labels in Series)
        {
            LabelSetCodec.Write(writer, labels);
        }

        writer.Varint((ulong)Points.Count);
        long previous = 0;
        foreach (var point in Points)
        {
            writer.Varint((ulong)point.Series);
            writer.Zigzag(unchecked(point.UnixMilliseconds - previous));
            writer.Fixed64(BitConverter.DoubleToUInt64Bits(point.Value));
            previous = point.UnixMilliseconds;
        }
    }

    /// <exception cref="FormatException">The bytes are no record.</exception>
    public static LogRecord Read(ReadOnlySpan<byte> payload)
    {
        var reader = new WireReader(payload);
        var kind = reader.Byte();
        if (kind != Kind)
        {
            throw new FormatException($"A record has the unknown kind {kind}");
        }

        var first = Number(reader.Varint());
        var series = new LabelSet[reader.CountOfRest()];
        for (var i = 0; i < series.Length; i++)
        {
            series[i] = LabelSetCodec.Read(ref reader);
        }

        var points = new LogPoint[reader.CountOfRest()];
        long previous = 0;
        for (var i = 0; i < points.Length; i++)
        {
            var id = Number(reader.Varint());
            previous = unchecked(previous + reader.Zigzag());
            points[i] = new LogPoint(id, previous, BitConverter.UInt64BitsToDouble(reader.Fixed64()));
        }

        return reader.AtEnd ? new LogRecord(first, series, points) : throw new FormatException($"{reader.Remaining} bytes follow a record's last sample");
    }

    private static int Number(ulong value) => value <= int.MaxValue ? (int)value : throw new FormatException($"{value} is no number of a series");
}
