using System.Numerics;
using System.Runtime.InteropServices;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Values of one series in blocks of <see cref="PackedIntegers.Most"/>. Lossless for every bit pattern of a double.</summary>
/// <remarks>
/// A block whose values all are n / 10^e, with n a whole number below 2^53 in magnitude, is these numbers packed; every other block, as one with a NaN or a minus
/// zero, is each value's bits XOR the bits before. A block is decoded without those before it.
/// <code>
/// [e, 0 to 12] [packed numbers]
/// [15] [bytes varint] for each value [zero bytes at the low end shl 4, bytes that follow] [those bytes, low first]
/// </code>
/// </remarks>
internal static class ValueCodec
{
    private const int LargestExponent = 12;
    private const byte Xor = 15;
    private const double ExactWholeEnd = 1L << 53;

    private static readonly double[] Powers = [.. Enumerable.Range(0, LargestExponent + 1).Select(e => Math.Pow(10, e))];

    public static void Encode(WireWriter writer, ReadOnlySpan<double> values)
    {
        Span<long> scaled = stackalloc long[PackedIntegers.Most];
        while (values.Length > 0)
        {
            var block = values[..Math.Min(PackedIntegers.Most, values.Length)];
            EncodeBlock(writer, block, scaled[..block.Length]);
            values = values[block.Length..];
        }
    }

    /// <summary>Decodes the values from <paramref name="first"/> on, as many as there is room for.</summary>
    /// <param name="reader">Stands before the values.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="first">The first that is wanted.</param>
    /// <param name="values">Gets the wanted ones.</param>
    /// <exception cref="FormatException">The bytes are no values.</exception>
    public static void Decode(ref WireReader reader, int count, int first, Span<double> values)
    {
        Span<double> whole = stackalloc double[PackedIntegers.Most];
        var end = first + values.Length;
        for (var start = 0; start < end; start += PackedIntegers.Most)
        {
            var length = Math.Min(PackedIntegers.Most, count - start);
            var kind = reader.Byte();
            if (start + length <= first)
            {
                Skip(ref reader, kind, length);
            }
            else if (start >= first && start + length <= end)
            {
                DecodeBlock(ref reader, kind, values.Slice(start - first, length));
            }
            else
            {
                DecodeBlock(ref reader, kind, whole[..length]);
                var begin = Math.Max(start, first);
                whole[(begin - start)..Math.Min(length, end - start)].CopyTo(values[(begin - first)..]);
            }
        }
    }

    private static void DecodeBlock(ref WireReader reader, byte kind, scoped Span<double> values)
    {
        if (kind == Xor)
        {
            DecodeXor(reader.LengthDelimited(), values);
            return;
        }

        Span<long> scaled = stackalloc long[PackedIntegers.Most];
        var power = Power(kind);
        PackedIntegers.Decode(ref reader, scaled[..values.Length]);
        Unscale(scaled[..values.Length], values, power);
    }

    private static void EncodeBlock(WireWriter writer, ReadOnlySpan<double> values, Span<long> scaled)
    {
        for (var exponent = 0; exponent <= LargestExponent; exponent++)
        {
            if (TryScale(values, scaled, Powers[exponent]))
            {
                writer.Byte((byte)exponent);
                PackedIntegers.Encode(writer, scaled);
                return;
            }
        }

        writer.Byte(Xor);
        EncodeXor(writer, values);
    }

    private static bool TryScale(ReadOnlySpan<double> values, Span<long> scaled, double power)
    {
        var i = 0;
        for (; i <= values.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            var value = new Vector<double>(values[i..]);
            var whole = Vector.ConvertToInt64Native(Vector.Round(value * power));
            var back = Vector.ConvertToDouble(whole);
            if (!Vector.EqualsAll(Vector.AsVectorInt64(back / power), Vector.AsVectorInt64(value))
                || !Vector.LessThanAll(Vector.Abs(back), new Vector<double>(ExactWholeEnd)))
            {
                return false;
            }

            whole.CopyTo(scaled[i..]);
        }

        for (; i < values.Length; i++)
        {
            var whole = Math.Round(values[i] * power);
            if (!(Math.Abs(whole) < ExactWholeEnd) || BitConverter.DoubleToInt64Bits((long)whole / power) != BitConverter.DoubleToInt64Bits(values[i]))
            {
                return false;
            }

            scaled[i] = (long)whole;
        }

        return true;
    }

    private static void Unscale(ReadOnlySpan<long> scaled, Span<double> values, double power)
    {
        var i = 0;
        for (; i <= scaled.Length - Vector<long>.Count; i += Vector<long>.Count)
        {
            (Vector.ConvertToDouble(new Vector<long>(scaled[i..])) / power).CopyTo(values[i..]);
        }

        for (; i < scaled.Length; i++)
        {
            values[i] = scaled[i] / power;
        }
    }

    private static double Power(byte exponent) =>
        exponent <= LargestExponent ? Powers[exponent] : throw new FormatException($"A block of values has the unknown kind {exponent}");

    private static void Skip(ref WireReader reader, byte kind, int length)
    {
        if (kind == Xor)
        {
            reader.LengthDelimited();
        }
        else
        {
            Power(kind);
            PackedIntegers.Skip(ref reader, length);
        }
    }

    private static void EncodeXor(WireWriter writer, ReadOnlySpan<double> values)
    {
        Span<byte> bytes = stackalloc byte[PackedIntegers.Most * (1 + sizeof(ulong))];
        var at = 0;
        ulong previous = 0;
        foreach (var value in values)
        {
            var bits = BitConverter.DoubleToUInt64Bits(value);
            var changed = bits ^ previous;
            previous = bits;
            var zeroBytes = changed == 0 ? 0 : BitOperations.TrailingZeroCount(changed) / 8;
            var length = changed == 0 ? 0 : 8 - zeroBytes - (BitOperations.LeadingZeroCount(changed) / 8);
            bytes[at++] = (byte)((zeroBytes << 4) | length);
            changed >>= zeroBytes * 8;
            MemoryMarshal.AsBytes(new Span<ulong>(ref changed))[..length].CopyTo(bytes[at..]);
            at += length;
        }

        writer.Varint((ulong)at);
        writer.Bytes(bytes[..at]);
    }

    private static void DecodeXor(ReadOnlySpan<byte> bytes, Span<double> values)
    {
        var reader = new WireReader(bytes);
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
            reader.Take(length).CopyTo(MemoryMarshal.AsBytes(new Span<ulong>(ref changed)));
            previous ^= zeroBytes == sizeof(ulong) ? 0 : changed << (zeroBytes * 8);
            values[i] = BitConverter.UInt64BitsToDouble(previous);
        }

        if (!reader.AtEnd)
        {
            throw new FormatException($"{reader.Remaining} bytes follow a block's last value");
        }
    }
}
