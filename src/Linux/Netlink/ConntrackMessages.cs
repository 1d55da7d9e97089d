using System.Buffers.Binary;
using System.Net;

namespace NetPulse.Linux.Netlink;

/// <summary>Reads the messages of ctnetlink (include/uapi/linux/netfilter/nfnetlink_conntrack.h).</summary>
public static class ConntrackMessages
{
    /// <summary>CTA_STATS_INVALID; so for the other numbers of <see cref="Statistics"/>.</summary>
    public const int Invalid = 4;
    public const int InsertFailed = 9;
    public const int Drop = 10;
    public const int EarlyDrop = 11;
    public const int SearchRestart = 13;
    public const int ClashResolve = 14;

    private const int MostStatistics = 32;
    private const int Header = 4;

    /// <summary>NFNL_SUBSYS_CTNETLINK, shifted, with IPCTNL_MSG_CT_GET_STATS_CPU.</summary>
    private const ushort GetStatistics = (1 << 8) | 4;

    /// <summary>NFNL_SUBSYS_CTNETLINK, shifted, with IPCTNL_MSG_CT_GET.</summary>
    private const ushort GetConnections = (1 << 8) | 1;

    private const ushort CTA_STATUS = 3;
    private const ushort CTA_STATUS_MASK = 26;

    /// <summary>Every connection whose destination was translated: what a Service's address became.</summary>
    /// <remarks>Since Linux 5.15 the kernel chooses them itself; before, all are sent and chosen here.</remarks>
    /// <exception cref="NetlinkException">The kernel has no ctnetlink, or refused.</exception>
    public static void Translated(NetlinkSocket socket, Action<TrackedConnection> visit)
    {
        Span<byte> request = stackalloc byte[Header + 16];
        request.Clear();
        Write(request[Header..], CTA_STATUS, TrackedConnection.DestinationTranslated);
        Write(request[(Header + 8)..], CTA_STATUS_MASK, TrackedConnection.DestinationTranslated);
        socket.Dump(GetConnections, request, body =>
        {
            if (Connection(body) is { IsDestinationTranslated: true } found)
            {
                visit(found);
            }
        });
    }

    /// <returns><see langword="null"/> where a direction is missing.</returns>
    /// <exception cref="InvalidDataException">It is no such message.</exception>
    public static TrackedConnection? Connection(ReadOnlySpan<byte> body)
    {
        Require(body);
        ConnectionTuple? original = null;
        ConnectionTuple? reply = null;
        var status = 0u;
        foreach (var attribute in new NetlinkAttributes(body[Header..]))
        {
            switch (attribute.Type)
            {
                case 1:
                    original = Tuple(attribute.Nested);
                    break;
                case 2:
                    reply = Tuple(attribute.Nested);
                    break;
                case CTA_STATUS:
                    status = attribute.NetworkUInt32;
                    break;
                default:
                    break;
            }
        }

        return original is { } begun && reply is { } answered ? new TrackedConnection(begun, answered, status) : null;
    }

    /// <summary>Each statistic's sum over the CPUs, by its attribute's number; 0 where this kernel has none.</summary>
    /// <exception cref="NetlinkException">The kernel has no ctnetlink, or refused.</exception>
    public static ulong[] Statistics(NetlinkSocket socket)
    {
        var sums = new ulong[MostStatistics];
        Span<byte> request = stackalloc byte[Header];
        request.Clear();
        socket.Dump(GetStatistics, request, body => Add(body, sums));
        return sums;
    }

    /// <exception cref="InvalidDataException">It is no such message.</exception>
    public static void Add(ReadOnlySpan<byte> body, ulong[] sums)
    {
        Require(body);
        foreach (var attribute in new NetlinkAttributes(body[Header..]))
        {
            if (attribute.Type < sums.Length)
            {
                sums[attribute.Type] += attribute.NetworkUInt32;
            }
        }
    }

    /// <summary>CTA_TUPLE_IP (1) with addresses of either family, CTA_TUPLE_PROTO (2) with the protocol and its ports.</summary>
    private static ConnectionTuple? Tuple(NetlinkAttributes tuple)
    {
        IPAddress? source = null;
        IPAddress? destination = null;
        var (sourcePort, destinationPort, protocol) = ((ushort)0, (ushort)0, (byte)0);
        foreach (var part in tuple)
        {
            foreach (var each in part.Nested)
            {
                switch (part.Type, each.Type)
                {
                    case (1, 1 or 3) when each.Value.Length is 4 or 16:
                        source = new IPAddress(each.Value);
                        break;
                    case (1, 2 or 4) when each.Value.Length is 4 or 16:
                        destination = new IPAddress(each.Value);
                        break;
                    case (2, 1) when each.Value.Length > 0:
                        protocol = each.Value[0];
                        break;
                    case (2, 2):
                        sourcePort = each.NetworkUInt16;
                        break;
                    case (2, 3):
                        destinationPort = each.NetworkUInt16;
                        break;
                    default:
                        break;
                }
            }
        }

        return source is null || destination is null ? null : new ConnectionTuple(source, destination, sourcePort, destinationPort, protocol);
    }

    private static void Write(Span<byte> attribute, ushort type, uint value)
    {
        BitConverter.TryWriteBytes(attribute, (ushort)8);
        BitConverter.TryWriteBytes(attribute[2..], type);
        BinaryPrimitives.WriteUInt32BigEndian(attribute[4..], value);
    }

    private static void Require(ReadOnlySpan<byte> body)
    {
        if (body.Length < Header)
        {
            throw new InvalidDataException($"A message of ctnetlink holds {body.Length} bytes only");
        }
    }
}
