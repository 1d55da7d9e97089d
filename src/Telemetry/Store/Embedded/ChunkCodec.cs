using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Some samples of one series as bytes. Lossless for every time and every bit pattern of a double.</summary>
/// <remarks>
/// <code>
/// [encoding u8] [count varint] [first time zigzag] [second differences of the times, zigzag ...] [values ...]
/// WholeNumbers  differences to the value before, zigzag
/// XorPrevious   bits XOR the bits before: one byte (zero bytes at the low end shl 4, bytes that follow), then those bytes, low first
/// </code>
/// Times of a steady clock take a byte each; so do counters that grow by less than 64. Sums wrap around, so no pair of times is too far apart.
/// </remarks>
internal static class ChunkCodec
{
    private const byte WholeNumbers = 1;
    private const byte XorPrevious = 2;

    /// <summary>Up to here every whole number is a double of its own.</summary>
    private const double LargestExactWhole = 1L << 53;

    public static void Encode(WireWriter writer, ReadOnlySpan<long> unixMilliseconds, ReadOnlySpan<double> values)
    {
        var encoding = AllWhole(values) ? WholeNumbers : XorPrevious;
        writer.Byte(encoding);
        writer.Varint((ulong)unixMilliseconds.Length);
        EncodeTimes(writer, unixMilliseconds);
        if (encoding == WholeNumbers)
        {
            EncodeWhole(writer, values);
        }
        else
        {
            EncodeXor(writer, values);
        }
    }

    /// <exception cref="FormatException">The bytes are no chunk.</exception>
    public static (long[] UnixMilliseconds, double[] Values) Decode(ReadOnlySpan<byte> chunk)
    {
        var reader = new WireReader(chunk);
        var encoding = reader.Byte();
        var times = new long[reader.CountOfRest()];
        var values = new double[times.Length];
        DecodeTimes(ref reader, times);
        switch (encoding)
        {
            case WholeNumbers:
                DecodeWhole(ref reader, values);
                break;
            case XorPrevious:
                DecodeXor(ref reader, values);
                break;
            default:
                throw new FormatException($"A chunk has the unknown encoding {encoding}");
        }

        return reader.AtEnd ? (times, values) : throw new FormatException($"{reader.Remaining} bytes follow a chunk's last value");
    }

    private static bool AllWhole(ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            // minus zero would come back as zero
            if (!double.IsInteger(value) || Math.Abs(value) > LargestExactWhole || BitConverter.DoubleToInt64Bits(value) == long.MinValue)
            {
                return false;
            }
        }

        return true;
    }

    private static void EncodeTimes(WireWriter writer, ReadOnlySpan<long> times)
    {
        long previous = 0;
        long previousStep = 0;
        for (var i = 0; i < times.Length; i++)
        {
            var step = unchecked(times[i] - previous);
            writer.Zigzag(unchecked(step - previousStep));
            previous = times[i];

            // the first is no step but a date: as one, it would be taken off the second's again
            previousStep = i == 0 ? 0 : step;
        }
    }

    private static void DecodeTimes(ref WireReader reader, Span<long> times)
    {
        long previous = 0;
        long previousStep = 0;
        for (var i = 0; i < times.Length; i++)
        {
            var step = unchecked(reader.Zigzag() + previousStep);
            previous = unchecked(previous + step);
            times[i] = previous;
            previousStep = i == 0 ? 0 : step;
        }
    }

    private static void EncodeWhole(WireWriter writer, ReadOnlySpan<double> values)
    {
        long previous = 0;
        foreach (var value in values)
        {
            writer.Zigzag((long)value - previous);
            previous = (long)value;
        }
    }

    private static void DecodeWhole(ref WireReader reader, Span<double> values)
    {
        long previous = 0;
        for (var i = 0; i < values.Length; i++)
        {
            previous = unchecked(previous + reader.Zigzag());
            values[i] = previous;
        }
    }

    private static void EncodeXor(WireWriter writer, ReadOnlySpan<double> values)
    {
        ulong previous = 0;
        foreach (var value in values)
        {
            var bits = BitConverter.DoubleToUInt64Bits(value);
            var changed = bits ^ previous;
            previous = bits;
            if (changed == 0)
            {
                writer.Byte(0);
                continue;
            }

            var zeroBytes = (int)ulong.TrailingZeroCount(changed) / 8;
            var length = 8 - zeroBytes - ((int)ulong.LeadingZeroCount(changed) / 8);
            writer.Byte((byte)((zeroBytes << 4) | length));
            for (var i = zeroBytes; i < zeroBytes + length; i++)
            {
                writer.Byte((byte)(changed >> (8 * i)));
            }
        }
    }

    private static void DecodeXor(ref WireReader reader, Span<double> values)
    {
        ulong previous = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var shape = reader.Byte();
            var zeroBytes = shape >> 4;
            var length = shape & 0xf;
            if (zeroBytes + length > sizeof(ulong))
            {
                throw new FormatException($"A value has {length} bytes above {zeroBytes} zero bytes");
            }

            ulong changed = 0;
            for (var position = zeroBytes; position < zeroBytes + length; position++)
            {
                changed |= (ulong)reader.Byte() << (8 * position);
            }

            previous ^= changed;
            values[i] = BitConverter.UInt64BitsToDouble(previous);
        }
    }
}
