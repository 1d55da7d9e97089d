using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace NetPulse.Telemetry.Store.Wire;

/// <summary>Writes varints (LEB128, as protobuf has them), little-endian numbers and bytes into a buffer that is kept between uses.</summary>
public sealed class WireWriter
{
    private const int LongestVarint = 10;

    private byte[] buffer = new byte[1024];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => buffer.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void Byte(byte value) => Reserve(1)[0] = value;

    public void Varint(ulong value)
    {
        if (buffer.Length - Length < LongestVarint)
        {
            Array.Resize(ref buffer, buffer.Length * 2);
        }

        ref var next = ref MemoryMarshal.GetArrayDataReference(buffer);
        var at = Length;
        while (value >= 0x80)
        {
            Unsafe.Add(ref next, at++) = (byte)(value | 0x80);
            value >>= 7;
        }

        Unsafe.Add(ref next, at++) = (byte)value;
        Length = at;
    }

    /// <summary>Small in either direction, small on the wire.</summary>
    public void Zigzag(long value) => Varint((ulong)((value << 1) ^ (value >> 63)));

    public void Fixed32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Reserve(sizeof(uint)), value);

    public void Fixed64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Reserve(sizeof(ulong)), value);

    public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Reserve(bytes.Length));

    /// <summary>The length in bytes, then UTF-8.</summary>
    public void Text(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Varint((ulong)length);
        Encoding.UTF8.GetBytes(text, Reserve(length));
    }

    private Span<byte> Reserve(int count)
    {
        if (buffer.Length - Length < count)
        {
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, Length + count));
        }

        var reserved = buffer.AsSpan(Length, count);
        Length += count;
        return reserved;
    }
}
