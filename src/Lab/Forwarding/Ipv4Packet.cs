using System.Buffers.Binary;

namespace NetPulse.Lab.Forwarding;

/// <summary>What a router reads and writes in an IPv4 packet (RFC 791). Whatever is no IPv4 packet answers "no".</summary>
internal static class Ipv4Packet
{
    /// <summary>An ICMP error quotes the packet's header, with options at most 60 bytes, and 8 bytes more.</summary>
    internal const int LongestError = IpHeaderBytes + IcmpHeaderBytes + 60 + QuotedBytes;

    private const int IpHeaderBytes = 20;
    private const int IcmpHeaderBytes = 8;
    private const int QuotedBytes = 8;

    private const byte Icmp = 1;
    private const byte DestinationUnreachable = 3;
    private const byte FragmentationNeeded = 4;

    internal static bool ForbidsFragments(ReadOnlySpan<byte> packet) => IsIpv4(packet) && (packet[6] & 0x40) != 0;

    /// <summary>Sets "congestion experienced" where the sender said that it understands (RFC 3168, section 5).</summary>
    internal static bool TryMark(Span<byte> packet)
    {
        if (!IsIpv4(packet) || (packet[1] & 0b11) == 0)
        {
            return false;
        }

        packet[1] |= 0b11;
        WriteHeaderChecksum(packet[..HeaderBytes(packet)]);
        return true;
    }

    /// <summary>The router's answer to a packet that it cannot pass on, to the packet's sender; as if it came from the packet's destination, which always has a way back.</summary>
    /// <returns>Its length; 0 for what is no IPv4 packet.</returns>
    internal static int WriteFragmentationNeeded(ReadOnlySpan<byte> packet, int mtu, Span<byte> error)
    {
        if (!IsIpv4(packet))
        {
            return 0;
        }

        var quoted = packet[..Math.Min(packet.Length, HeaderBytes(packet) + QuotedBytes)];
        var length = IpHeaderBytes + IcmpHeaderBytes + quoted.Length;
        var answer = error[..length];
        answer.Clear();
        answer[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(answer[2..], (ushort)length);
        answer[8] = 64;
        answer[9] = Icmp;
        packet.Slice(16, 4).CopyTo(answer[12..]);
        packet.Slice(12, 4).CopyTo(answer[16..]);
        WriteHeaderChecksum(answer[..IpHeaderBytes]);

        var message = answer[IpHeaderBytes..];
        message[0] = DestinationUnreachable;
        message[1] = FragmentationNeeded;
        BinaryPrimitives.WriteUInt16BigEndian(message[6..], (ushort)mtu);
        quoted.CopyTo(message[IcmpHeaderBytes..]);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], Checksum(message));
        return length;
    }

    /// <summary>The one's complement of the one's complement sum (RFC 1071).</summary>
    internal static ushort Checksum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (; bytes.Length > 1; bytes = bytes[2..])
        {
            sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        }

        if (bytes.Length == 1)
        {
            sum += (uint)bytes[0] << 8;
        }

        while (sum > ushort.MaxValue)
        {
            sum = (sum & ushort.MaxValue) + (sum >> 16);
        }

        return (ushort)~sum;
    }

    /// <param name="header">With its options.</param>
    internal static void WriteHeaderChecksum(Span<byte> header)
    {
        header.Slice(10, 2).Clear();
        BinaryPrimitives.WriteUInt16BigEndian(header[10..], Checksum(header));
    }

    private static bool IsIpv4(ReadOnlySpan<byte> packet) =>
        packet.Length >= IpHeaderBytes && packet[0] >> 4 == 4 && HeaderBytes(packet) is >= IpHeaderBytes and var header && header <= packet.Length;

    private static int HeaderBytes(ReadOnlySpan<byte> packet) => (packet[0] & 0xF) * 4;
}
