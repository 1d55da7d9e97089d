using System.Net;

namespace NetPulse.Linux.Netlink;

/// <summary>One end-to-end direction of a tracked connection.</summary>
public readonly record struct ConnectionTuple(IPAddress Source, IPAddress Destination, ushort SourcePort, ushort DestinationPort, byte Protocol);

/// <summary>A connection that netfilter tracks, from <c>IPCTNL_MSG_CT_NEW</c>: how it was begun, and how its answers come back.</summary>
/// <param name="Original">As the client sent it, before any translation.</param>
/// <param name="Reply">As the server answers: its source is who really serves.</param>
/// <param name="Status">IPS_… of include/uapi/linux/netfilter/nf_conntrack_common.h.</param>
public readonly record struct TrackedConnection(ConnectionTuple Original, ConnectionTuple Reply, uint Status)
{
    public const uint DestinationTranslated = 1 << 5;

    public bool IsDestinationTranslated => (Status & DestinationTranslated) != 0;
}
