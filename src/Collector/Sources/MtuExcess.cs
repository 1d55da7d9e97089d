using NetPulse.Linux.Netlink;

namespace NetPulse.Collector.Sources;

/// <summary>An MTU that is too large for what comes after it: full packets are dropped there, or cost a round trip to learn the path's MTU.</summary>
/// <param name="Bytes">By how much.</param>
/// <param name="Reason"><c>veth</c>, <c>uplink</c>, <c>tunnel</c> or <c>route</c>.</param>
public readonly record struct MtuExcess(string Interface, string Reason, int Bytes)
{
    private const string Veth = "veth";

    /// <summary>What a tunnel puts before a packet, in bytes, at least: outer IPv4 header, and UDP and its own where it has them.</summary>
    private static readonly Dictionary<string, int> TunnelOverheads = new(StringComparer.Ordinal)
    {
        ["vxlan"] = 50,
        ["geneve"] = 50,
        ["ipip"] = 20,
        ["sit"] = 20,
        ["gre"] = 24,
        ["wireguard"] = 60,
    };

    /// <param name="links">Of the namespace.</param>
    /// <param name="routes">Of the namespace.</param>
    /// <param name="hostLinks">Of the node's own.</param>
    /// <param name="hostRoutes">Of the node's own.</param>
    /// <param name="isHost">Whether they are the same.</param>
    public static IEnumerable<MtuExcess> Find(
        IReadOnlyList<LinkInterface> links, IReadOnlyList<UnicastRoute> routes, IReadOnlyList<LinkInterface> hostLinks, IReadOnlyList<UnicastRoute> hostRoutes, bool isHost)
    {
        var uplink = hostRoutes.Where(route => route.IsDefault).OrderBy(route => route.Metric)
            .SelectMany(route => hostLinks.Where(link => link.Index == route.InterfaceIndex))
            .FirstOrDefault();
        foreach (var link in links.Where(link => link.IsUp && !link.IsLoopback))
        {
            if (!isHost && link is { Kind: Veth, IsLinkElsewhere: true }
                && hostLinks.FirstOrDefault(end => end.Index == link.LinkedIndex && end.Kind == Veth) is { MtuBytes: > 0 } peer && link.MtuBytes > peer.MtuBytes)
            {
                yield return new MtuExcess(link.Name, Veth, link.MtuBytes - peer.MtuBytes);
            }

            // A route that says what the path takes spares the packets the trouble.
            var usual = routes.Where(route => route.IsDefault && route.InterfaceIndex == link.Index).Select(route => route.MtuBytes).Where(mtu => mtu > 0).DefaultIfEmpty(link.MtuBytes).Max();
            if (!isHost && uplink.MtuBytes > 0 && routes.Any(route => route.IsDefault && route.InterfaceIndex == link.Index) && Math.Min(usual, link.MtuBytes) > uplink.MtuBytes)
            {
                yield return new MtuExcess(link.Name, "uplink", Math.Min(usual, link.MtuBytes) - uplink.MtuBytes);
            }

            if (isHost && uplink.MtuBytes > 0 && TunnelOverheads.TryGetValue(link.Kind, out var overhead) && link.MtuBytes + overhead > uplink.MtuBytes)
            {
                yield return new MtuExcess(link.Name, "tunnel", link.MtuBytes + overhead - uplink.MtuBytes);
            }

            if (routes.Where(route => route.InterfaceIndex == link.Index).Select(route => route.MtuBytes).DefaultIfEmpty().Max() is var routed && routed > link.MtuBytes)
            {
                yield return new MtuExcess(link.Name, "route", routed - link.MtuBytes);
            }
        }
    }
}
