using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NetPulse.Optimizer.Policies.Addresses;

/// <summary>An address as a number, so that blocks are ranges.</summary>
public readonly record struct IpValue(IpFamily Family, UInt128 Value)
{
    /// <summary>Reads what the API server reads: leading zeros are decimal, <c>::ffff:a.b.c.d</c> is IPv4, and there is no zone.</summary>
    public static bool TryParse(string text, out IpValue address)
    {
        if (!text.Contains(':', StringComparison.Ordinal))
        {
            return TryParseV4(text, out address);
        }

        address = default;
        if (text.AsSpan().IndexOfAny('%', '[', '/') >= 0 || !IPAddress.TryParse(text, out var parsed) || parsed.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return false;
        }

        var value = BinaryPrimitives.ReadUInt128BigEndian(parsed.GetAddressBytes());
        address = parsed.IsIPv4MappedToIPv6 ? new IpValue(IpFamily.V4, value & uint.MaxValue) : new IpValue(IpFamily.V6, value);
        return true;
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Value);
        return new IPAddress(Family == IpFamily.V4 ? bytes[12..] : bytes).ToString();
    }

    private static bool TryParseV4(string text, out IpValue address)
    {
        address = default;
        var parts = text.Split('.');
        if (parts.Length != 4)
        {
            return false;
        }

        uint value = 0;
        foreach (var part in parts)
        {
            if (!byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var octet))
            {
                return false;
            }

            value = (value << 8) | octet;
        }

        address = new IpValue(IpFamily.V4, value);
        return true;
    }
}
