using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace NetPulse.Telemetry.Store.Wire;

/// <summary>Reads what <see cref="WireWriter"/> and protobuf write.</summary>
/// <remarks>Every method throws <see cref="FormatException"/> when the bytes end too early or cannot mean what is asked for.</remarks>
public ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> rest = bytes;

    public readonly bool AtEnd => rest.IsEmpty;

    public readonly int Remaining => rest.Length;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte Byte()
    {
        if (rest.IsEmpty)
        {
            throw TooFew(1);
        }

        var first = rest[0];
        rest = rest[1..];
        return first;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Varint()
    {
        if (!rest.IsEmpty && rest[0] < 0x80)
        {
            var value = rest[0];
            rest = rest[1..];
            return value;
        }

        return LongVarint();
    }

    public long Zigzag()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public uint Fixed32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    public ulong Fixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    /// <summary>A length, then that many bytes.</summary>
    public ReadOnlySpan<byte> LengthDelimited() => Take(Count(Varint()));

    public string Text()
    {
        var text = LengthDelimited();
        try
        {
            return StrictUtf8.GetString(text);
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException("A text is not valid UTF-8", e);
        }
    }

    /// <summary>A number of things of which each takes at least one of the bytes that are left.</summary>
    public int CountOfRest() => Count(Varint());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > rest.Length)
        {
            throw TooFew(count);
        }

        var taken = rest[..count];
        rest = rest[count..];
        return taken;
    }

    /// <summary>Takes bytes behind which at least <paramref name="padding"/> more stand, so that whole words can be read from any of them.</summary>
    public ReadOnlySpan<byte> TakePadded(int count, int padding) =>
        count <= rest.Length - padding ? Take(count) : throw new FormatException($"{count} bytes are announced where {rest.Length - padding} are left");

    private ulong LongVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
            {
                return shift == 63 && next > 1 ? throw new FormatException("A varint holds more than 64 bits") : value;
            }
        }

        throw new FormatException("A varint has more than ten bytes");
    }

    private readonly FormatException TooFew(int count) => new($"{count} bytes are announced where {rest.Length} are left");

    private readonly int Count(ulong announced) =>
        announced <= (ulong)rest.Length ? (int)announced : throw new FormatException($"{announced} are announced where {rest.Length} bytes are left");
}
