using System.Net;

namespace NetPulse.Linux.Netlink;

/// <summary>A network interface, from <c>RTM_NEWLINK</c>.</summary>
/// <param name="Kind">As <c>veth</c>, <c>bridge</c>, <c>vxlan</c>; empty for hardware and loopback.</param>
/// <param name="MtuBytes">Largest packet, without the link's own header.</param>
/// <param name="LinkedIndex">A veth's other end, or what a virtual interface stands on; 0 for none.</param>
/// <param name="IsLinkElsewhere">Whether that is in another network namespace.</param>
public readonly record struct LinkInterface(int Index, string Name, string Kind, int MtuBytes, int LinkedIndex, bool IsLinkElsewhere, bool IsLoopback, bool IsUp);

/// <summary>A queueing discipline, from <c>RTM_NEWQDISC</c>.</summary>
/// <param name="Handle">Its number, as <c>8001:</c> in <c>tc qdisc show</c>; 0 for the default one.</param>
/// <param name="Parent">Where it hangs; <see cref="Root"/> at the interface itself.</param>
public readonly record struct QueueingDiscipline(
    int InterfaceIndex, uint Handle, uint Parent, string Kind, ulong Bytes, ulong Packets, ulong Drops, ulong Requeues, ulong Overlimits, ulong BacklogBytes, ulong BacklogPackets)
{
    public const uint Root = uint.MaxValue;
}

/// <summary>A unicast route of the main table, from <c>RTM_NEWROUTE</c>.</summary>
/// <param name="MtuBytes">Its own limit; 0 without one.</param>
public readonly record struct UnicastRoute(bool IsDefault, int InterfaceIndex, int MtuBytes, uint Metric);

/// <summary>Reads the messages of rtnetlink(7). Whatever they hold, they are read, left out, or refused with <see cref="InvalidDataException"/>.</summary>
public static class RouteMessages
{
    private const ushort RTM_GETLINK = 18;
    private const ushort RTM_GETADDR = 22;
    private const ushort RTM_GETROUTE = 26;
    private const ushort RTM_GETQDISC = 38;

    private const int LinkHeader = 16;
    private const int AddressHeader = 8;
    private const int RouteHeader = 12;
    private const int TrafficControlHeader = 20;

    private const byte MainTable = 254;
    private const byte Unicast = 1;
    private const uint Up = 1;
    private const uint Loopback = 8;

    public static IReadOnlyList<LinkInterface> Links(NetlinkSocket socket)
    {
        // IFLA_EXT_MASK = RTEXT_FILTER_SKIP_STATS: the counters are read elsewhere.
        Span<byte> request = stackalloc byte[LinkHeader + 8];
        request.Clear();
        request[LinkHeader] = 8;
        request[LinkHeader + 2] = 29;
        request[LinkHeader + 4] = 8;
        var links = new List<LinkInterface>();
        socket.Dump(RTM_GETLINK, request, body => links.Add(Link(body)));
        return links;
    }

    public static IReadOnlyList<QueueingDiscipline> QueueingDisciplines(NetlinkSocket socket)
    {
        var found = new List<QueueingDiscipline>();
        Span<byte> request = stackalloc byte[TrafficControlHeader];
        request.Clear();
        socket.Dump(RTM_GETQDISC, request, body => found.Add(QueueingDiscipline(body)));
        return found;
    }

    public static IReadOnlyList<UnicastRoute> Routes(NetlinkSocket socket)
    {
        var found = new List<UnicastRoute>();
        Span<byte> request = stackalloc byte[RouteHeader];
        request.Clear();
        socket.Dump(RTM_GETROUTE, request, body =>
        {
            if (Route(body) is { } route)
            {
                found.Add(route);
            }
        });
        return found;
    }

    public static IReadOnlyList<IPAddress> Addresses(NetlinkSocket socket)
    {
        var found = new List<IPAddress>();
        Span<byte> request = stackalloc byte[AddressHeader];
        request.Clear();
        socket.Dump(RTM_GETADDR, request, body =>
        {
            if (Address(body) is { } address)
            {
                found.Add(address);
            }
        });
        return found;
    }

    /// <exception cref="InvalidDataException">It is no such message; so for the others.</exception>
    public static LinkInterface Link(ReadOnlySpan<byte> body)
    {
        Require(body, LinkHeader);
        var flags = BitConverter.ToUInt32(body[8..]);
        var link = new LinkInterface(BitConverter.ToInt32(body[4..]), "", "", 0, 0, false, (flags & Loopback) != 0, (flags & Up) != 0);
        foreach (var attribute in new NetlinkAttributes(body[LinkHeader..]))
        {
            link = attribute.Type switch
            {
                3 => link with { Name = attribute.Text },
                4 => link with { MtuBytes = (int)attribute.UInt32 },
                5 => link with { LinkedIndex = (int)attribute.UInt32 },
                18 => link with { Kind = KindOf(attribute.Nested) },
                37 => link with { IsLinkElsewhere = true },
                _ => link,
            };
        }

        return link;
    }

    /// <inheritdoc cref="Link"/>
    public static QueueingDiscipline QueueingDiscipline(ReadOnlySpan<byte> body)
    {
        Require(body, TrafficControlHeader);
        var found = new QueueingDiscipline(
            BitConverter.ToInt32(body[4..]), BitConverter.ToUInt32(body[8..]), BitConverter.ToUInt32(body[12..]), "", 0, 0, 0, 0, 0, 0, 0);
        foreach (var attribute in new NetlinkAttributes(body[TrafficControlHeader..]))
        {
            if (attribute.Type == 1)
            {
                found = found with { Kind = attribute.Text };
            }
            else if (attribute.Type == 7)
            {
                found = WithStatistics(found, attribute.Nested);
            }
        }

        return found;
    }

    /// <returns><see langword="null"/> for a route of another table or kind.</returns>
    /// <inheritdoc cref="Link"/>
    public static UnicastRoute? Route(ReadOnlySpan<byte> body)
    {
        Require(body, RouteHeader);
        var (destinationLength, table, type) = (body[1], body[4], body[7]);
        if (table != MainTable || type != Unicast)
        {
            return null;
        }

        var route = new UnicastRoute(destinationLength == 0, 0, 0, 0);
        foreach (var attribute in new NetlinkAttributes(body[RouteHeader..]))
        {
            route = attribute.Type switch
            {
                4 => route with { InterfaceIndex = (int)attribute.UInt32 },
                6 => route with { Metric = attribute.UInt32 },
                8 => route with { MtuBytes = MtuOf(attribute.Nested) },
                _ => route,
            };
        }

        return route;
    }

    /// <returns><see langword="null"/> where there is none in it.</returns>
    /// <inheritdoc cref="Link"/>
    public static IPAddress? Address(ReadOnlySpan<byte> body)
    {
        Require(body, AddressHeader);
        IPAddress? found = null;
        foreach (var attribute in new NetlinkAttributes(body[AddressHeader..]))
        {
            // IFA_LOCAL (2) is the own address; IFA_ADDRESS (1) is it too, but the peer's on a point-to-point interface.
            if ((attribute.Type == 2 || (attribute.Type == 1 && found is null)) && attribute.Value.Length is 4 or 16)
            {
                found = new IPAddress(attribute.Value);
            }
        }

        return found;
    }

    private static QueueingDiscipline WithStatistics(QueueingDiscipline found, NetlinkAttributes statistics)
    {
        // TCA_STATS_BASIC (1): struct gnet_stats_basic; TCA_STATS_QUEUE (3): struct gnet_stats_queue; TCA_STATS_PKT64 (8).
        foreach (var each in statistics)
        {
            if (each.Type == 1 && each.Value.Length >= 12)
            {
                found = found with { Bytes = BitConverter.ToUInt64(each.Value), Packets = Math.Max(found.Packets, BitConverter.ToUInt32(each.Value[8..])) };
            }
            else if (each.Type == 3 && each.Value.Length >= 20)
            {
                found = found with
                {
                    BacklogPackets = BitConverter.ToUInt32(each.Value),
                    BacklogBytes = BitConverter.ToUInt32(each.Value[4..]),
                    Drops = BitConverter.ToUInt32(each.Value[8..]),
                    Requeues = BitConverter.ToUInt32(each.Value[12..]),
                    Overlimits = BitConverter.ToUInt32(each.Value[16..]),
                };
            }
            else if (each.Type == 8 && each.Value.Length >= 8)
            {
                found = found with { Packets = BitConverter.ToUInt64(each.Value) };
            }
        }

        return found;
    }

    private static string KindOf(NetlinkAttributes information)
    {
        foreach (var each in information)
        {
            if (each.Type == 1)
            {
                return each.Text;
            }
        }

        return "";
    }

    private static int MtuOf(NetlinkAttributes metrics)
    {
        foreach (var each in metrics)
        {
            if (each.Type == 2)
            {
                return (int)each.UInt32;
            }
        }

        return 0;
    }

    private static void Require(ReadOnlySpan<byte> body, int length)
    {
        if (body.Length < length)
        {
            throw new InvalidDataException($"A message of rtnetlink holds {body.Length} bytes, not {length}");
        }
    }
}
