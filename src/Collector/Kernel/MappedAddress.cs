using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel;

/// <summary>An IPv6 address, or an IPv4 one mapped into it, as the 16 bytes that travel: comparable and free of allocation.</summary>
/// <remarks>Two numbers and not a UInt128 or an inline array: the first would align to 16 bytes, the second does not compare.</remarks>
public readonly record struct MappedAddress(ulong FirstBytes, ulong LastBytes)
{
    public static MappedAddress From(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.MapToIPv6().TryWriteBytes(bytes, out _);
        return MemoryMarshal.Read<MappedAddress>(bytes);
    }

    /// <summary>127.0.0.0/8, ::1, 169.254.0.0/16, fe80::/10.</summary>
    public bool IsLoopbackOrLinkLocal => IPv4 is { } v4
        ? v4 >> 24 == 127 || v4 >> 16 == 0xA9FE
        : (High == 0 && Low == 1) || High >> 54 == 0xFE80 >> 6;

    /// <summary>RFC 1918 and RFC 4193.</summary>
    public bool IsPrivate => IPv4 is { } v4
        ? v4 >> 24 == 10 || v4 >> 20 == 0xAC1 || v4 >> 16 == 0xC0A8
        : High >> 57 == 0xFC >> 1;

    /// <summary>Whether the first so many of its 128 bits are the other's; an IPv4 address has 96 before its own.</summary>
    public bool HasPrefixOf(MappedAddress other, int bits) =>
        !Differ(High, other.High, Math.Min(bits, 64)) && !Differ(Low, other.Low, Math.Max(bits - 64, 0));

    public override string ToString()
    {
        var address = new IPAddress(MemoryMarshal.AsBytes([this]));
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }

    private ulong High => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(FirstBytes) : FirstBytes;

    private ulong Low => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(LastBytes) : LastBytes;

    private static bool Differ(ulong one, ulong other, int bits) => bits > 0 && (one ^ other) >> (64 - bits) != 0;

    private uint? IPv4 => High == 0 && Low >> 32 == 0xFFFF ? (uint)Low : null;
}
