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
        if (body.Length < Header)
        {
            throw new InvalidDataException($"A message of ctnetlink holds {body.Length} bytes only");
        }

        foreach (var attribute in new NetlinkAttributes(body[Header..]))
        {
            if (attribute.Type < sums.Length)
            {
                sums[attribute.Type] += attribute.NetworkUInt32;
            }
        }
    }
}
