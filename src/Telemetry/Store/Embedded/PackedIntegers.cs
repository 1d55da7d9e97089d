using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Up to <see cref="Most"/> whole numbers as bits above a smallest one, or as differences above a smallest difference: whichever is shorter.</summary>
/// <remarks>
/// <code>
/// [differences? bit 7, width in bits 0-6] [first or smallest number, zigzag] [smallest difference, zigzag] [numbers of that width, low bit first]
/// </code>
/// Sums wrap around, so no pair of numbers is too far apart. A steady clock and a steady counter have the width 0.
/// </remarks>
internal static class PackedIntegers
{
    public const int Most = 128;

    /// <summary>Zeros that must follow the last packed bytes of a buffer: whole words are read.</summary>
    public const int Padding = sizeof(ulong);

    private const byte Differences = 0x80;

    /// <summary>Wider ones do not fit a word at every bit offset, and take all of it.</summary>
    private const int WidestUnaligned = 57;

    public static void Encode(WireWriter writer, ReadOnlySpan<long> numbers)
    {
        var smallest = numbers[0];
        var largest = numbers[0];
        var smallestStep = long.MaxValue;
        var largestStep = long.MinValue;
        for (var i = 1; i < numbers.Length; i++)
        {
            var step = unchecked(numbers[i] - numbers[i - 1]);
            smallestStep = Math.Min(smallestStep, step);
            largestStep = Math.Max(largestStep, step);
            smallest = Math.Min(smallest, numbers[i]);
            largest = Math.Max(largest, numbers[i]);
        }

        var width = Width(unchecked((ulong)(largest - smallest)));
        var stepWidth = numbers.Length == 1 ? 0 : Width(unchecked((ulong)(largestStep - smallestStep)));
        Span<ulong> offsets = stackalloc ulong[Most];
        if (numbers.Length > 1 && stepWidth < width)
        {
            writer.Byte((byte)(Differences | stepWidth));
            writer.Zigzag(numbers[0]);
            writer.Zigzag(smallestStep);
            for (var i = 1; i < numbers.Length; i++)
            {
                offsets[i - 1] = unchecked((ulong)(numbers[i] - numbers[i - 1] - smallestStep));
            }

            Pack(writer, offsets[..(numbers.Length - 1)], stepWidth);
            return;
        }

        writer.Byte((byte)width);
        writer.Zigzag(smallest);
        for (var i = 0; i < numbers.Length; i++)
        {
            offsets[i] = unchecked((ulong)(numbers[i] - smallest));
        }

        Pack(writer, offsets[..numbers.Length], width);
    }

    /// <exception cref="FormatException">The bytes are no packed numbers.</exception>
    public static void Decode(ref WireReader reader, scoped Span<long> numbers)
    {
        var shape = reader.Byte();
        var width = Checked(shape & ~Differences);
        var first = reader.Zigzag();
        if ((shape & Differences) == 0)
        {
            Unpack(ref reader, numbers, width);
            for (var i = 0; i < numbers.Length; i++)
            {
                numbers[i] = unchecked(numbers[i] + first);
            }

            return;
        }

        var smallestStep = reader.Zigzag();
        Unpack(ref reader, numbers[1..], width);
        var previous = first;
        numbers[0] = first;
        for (var i = 1; i < numbers.Length; i++)
        {
            previous = unchecked(previous + smallestStep + numbers[i]);
            numbers[i] = previous;
        }
    }

    /// <summary>Passes over that many packed numbers.</summary>
    /// <exception cref="FormatException">The bytes are no packed numbers.</exception>
    public static void Skip(ref WireReader reader, int count)
    {
        var shape = reader.Byte();
        reader.Varint();
        if ((shape & Differences) != 0)
        {
            reader.Varint();
            count--;
        }

        reader.Take(Bytes(count, Checked(shape & ~Differences)));
    }

    private static int Checked(int width) => width is <= WidestUnaligned or 64 ? width : throw new FormatException($"{width} is no width of a number");

    private static int Width(ulong largest)
    {
        var bits = 64 - BitOperations.LeadingZeroCount(largest);
        return bits > WidestUnaligned ? 64 : bits;
    }

    private static int Bytes(int count, int width) => ((count * width) + 7) / 8;

    private static void Pack(WireWriter writer, ReadOnlySpan<ulong> offsets, int width)
    {
        if (width == 0)
        {
            return;
        }

        Span<byte> packed = stackalloc byte[(Most * sizeof(ulong)) + sizeof(ulong)];
        ulong word = 0;
        var filled = 0;
        var at = 0;
        foreach (var offset in offsets)
        {
            word |= offset << filled;
            filled += width;
            if (filled >= 64)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(packed[at..], word);
                at += sizeof(ulong);
                filled -= 64;
                word = filled == 0 ? 0 : offset >> (width - filled);
            }
        }

        BinaryPrimitives.WriteUInt64LittleEndian(packed[at..], word);
        writer.Bytes(packed[..Bytes(offsets.Length, width)]);
    }

    private static void Unpack(ref WireReader reader, scoped Span<long> offsets, int width)
    {
        if (width == 0)
        {
            offsets.Clear();
            return;
        }

        ref var packed = ref MemoryMarshal.GetReference(reader.TakePadded(Bytes(offsets.Length, width), Padding));
        var mask = ulong.MaxValue >> (64 - width);
        var bit = 0;
        for (var i = 0; i < offsets.Length; i++)
        {
            // in bounds: the padding was checked, and this is the inner loop of every read
            var word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref packed, bit >> 3));
            offsets[i] = (long)((word >> (bit & 7)) & mask);
            bit += width;
        }
    }
}
