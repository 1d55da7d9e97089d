using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NetPulse.Telemetry.Store.Wire;

/// <summary>Decompresses a Snappy block into memory of the caller's. The library that compresses allocates the result, and is several times slower.</summary>
/// <remarks>Source: github.com/google/snappy, format_description.txt.</remarks>
internal static class SnappyBlock
{
    /// <summary>Bytes that the output must have beyond the announced ones: copies are made sixteen bytes at a time.</summary>
    public const int Slack = 64;

    private const int Longest = 64;

    /// <summary>How many bytes the block says that it holds.</summary>
    /// <exception cref="FormatException">It does not begin with a number.</exception>
    public static ulong AnnouncedBytes(ReadOnlySpan<byte> block) => new WireReader(block).Varint();

    /// <param name="block">All of it.</param>
    /// <param name="output">As long as announced, and <see cref="Slack"/> more, which are overwritten.</param>
    /// <exception cref="FormatException">It is no Snappy block, or not of the announced length.</exception>
    public static void Decompress(ReadOnlySpan<byte> block, Span<byte> output)
    {
        var preamble = new WireReader(block);
        var announced = preamble.Varint();
        if (announced + Slack > (ulong)output.Length)
        {
            throw new ArgumentException("The output is shorter than was announced", nameof(output));
        }

        var from = block.Length - preamble.Remaining;
        var to = 0;
        var end = (int)announced;
        while (from < block.Length)
        {
            var tag = block[from++];
            int length;
            int offset;
            switch (tag & 3)
            {
                case 0:
                    length = LiteralLength(block, tag, ref from);
                    if ((uint)length > (uint)(end - to) || (uint)length > (uint)(block.Length - from))
                    {
                        throw TooLong();
                    }

                    if (length <= Longest && block.Length - from >= Longest)
                    {
                        CopyVectors(ref Unsafe.Add(ref MemoryMarshal.GetReference(block), from), ref Unsafe.Add(ref MemoryMarshal.GetReference(output), to), length);
                    }
                    else
                    {
                        block.Slice(from, length).CopyTo(output[to..]);
                    }

                    from += length;
                    to += length;
                    continue;
                case 1:
                    length = ((tag >> 2) & 7) + 4;
                    offset = ((tag >> 5) << 8) | Byte(block, from);
                    from++;
                    break;
                case 2:
                    length = (tag >> 2) + 1;
                    offset = Byte(block, from) | (Byte(block, from + 1) << 8);
                    from += 2;
                    break;
                default:
                    length = (tag >> 2) + 1;
                    offset = from + 4 <= block.Length ? BinaryPrimitives.ReadInt32LittleEndian(block[from..]) : 0;
                    from += 4;
                    break;
            }

            if (offset <= 0 || offset > to || length > end - to)
            {
                throw TooLong();
            }

            ref var target = ref Unsafe.Add(ref MemoryMarshal.GetReference(output), to);
            if (offset >= Vector128<byte>.Count)
            {
                CopyVectors(ref Unsafe.Subtract(ref target, offset), ref target, length);
            }
            else
            {
                // the source runs into what is being written: a pattern
                for (var i = 0; i < length; i++)
                {
                    Unsafe.Add(ref target, i) = Unsafe.Add(ref target, i - offset);
                }
            }

            to += length;
        }

        if (to != end)
        {
            throw new FormatException($"A Snappy block announces {end} bytes and has {to}");
        }
    }

    private static int LiteralLength(ReadOnlySpan<byte> block, byte tag, ref int from)
    {
        var length = tag >> 2;
        if (length < 60)
        {
            return length + 1;
        }

        var bytes = length - 59;
        uint value = 0;
        for (var i = 0; i < bytes; i++)
        {
            value |= (uint)Byte(block, from++) << (8 * i);
        }

        return value < int.MaxValue ? (int)value + 1 : throw TooLong();
    }

    private static byte Byte(ReadOnlySpan<byte> block, int at) => at < block.Length ? block[at] : throw TooLong();

    /// <summary>At most <see cref="Longest"/> bytes, rounded up to whole vectors: both sides have room for that.</summary>
    private static void CopyVectors(ref byte from, ref byte to, int length)
    {
        for (nuint at = 0; at < (nuint)length; at += (nuint)Vector128<byte>.Count)
        {
            Vector128.LoadUnsafe(ref from, at).StoreUnsafe(ref to, at);
        }
    }

    private static FormatException TooLong() => new("The request is no Snappy block: it points outside itself");
}
