using System.Collections.Frozen;

namespace NetPulse.Collector.Sources;

/// <summary>What kind of reason the kernel had to drop a packet: somebody's rule is another matter than a full queue.</summary>
/// <remarks>The kernel explains each reason in include/net/dropreason-core.h; docs/drops.md is this table for users.</remarks>
public static class DropClass
{
    /// <summary>A rule said so: netfilter, tc, XDP, IPsec, a control group's program, a security module, a socket's own filter.</summary>
    public const string Policy = "policy";

    /// <summary>Something was full, or memory was short.</summary>
    public const string Congestion = "congestion";

    /// <summary>Nobody is there: no socket, no route, no neighbour, no such protocol.</summary>
    public const string Unreachable = "unreachable";

    /// <summary>The packet itself is wrong: checksum, header, length, address.</summary>
    public const string Malformed = "malformed";

    /// <summary>A protocol's ordinary course: duplicates, old segments, a connection that closes, another host's frames.</summary>
    public const string Protocol = "protocol";

    /// <summary>The kernel named no reason, or one that this table does not know.</summary>
    public const string Unspecified = "unspecified";

    private static readonly FrozenDictionary<string, string> Classes = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        [Policy] =
        [
            "NETFILTER_DROP", "XFRM_POLICY", "SOCKET_FILTER", "BPF_CGROUP_EGRESS", "SECURITY_HOOK", "TC_EGRESS", "TC_INGRESS", "XDP", "TAP_FILTER",
            "TAP_TXFILTER", "IP_RPFILTER", "TCP_MINTTL", "TCP_MD5NOTFOUND", "TCP_MD5UNEXPECTED", "TCP_MD5FAILURE", "TCP_AUTH_HDR", "TCP_AONOTFOUND",
            "TCP_AOUNEXPECTED", "TCP_AOKEYNOTFOUND", "TCP_AOFAILURE", "ARP_PVLAN_DISABLE", "BRIDGE_INGRESS_STP_STATE", "IPV6DISABLED", "PSP_INPUT", "PSP_OUTPUT",
            "TC_COOKIE_ERROR", "TC_CHAIN_NOTFOUND", "TC_RECLASSIFY_LOOP",
        ],
        [Congestion] =
        [
            "SOCKET_RCVBUFF", "PROTO_MEM", "SOCKET_BACKLOG", "TCP_LISTEN_OVERFLOW", "TCP_ZEROWINDOW", "TCP_OVERWINDOW", "TCP_OFO_QUEUE_PRUNE", "TCP_OFO_DROP",
            "TCP_RFC7323_OVERFLOW", "QDISC_DROP", "QDISC_OVERLIMIT", "QDISC_CONGESTED", "CAKE_FLOOD", "FQ_BAND_LIMIT", "FQ_HORIZON_LIMIT", "FQ_FLOW_LIMIT",
            "DUALPI2_STEP_DROP", "CPU_BACKLOG", "FULL_RING", "NOMEM", "PFMEMALLOC", "NEIGH_QUEUEFULL", "FRAG_REASM_TIMEOUT",
        ],
        [Unreachable] =
        [
            "NO_SOCKET", "IP_OUTNOROUTES", "IP_INNOROUTES", "IP_NOPROTO", "UNHANDLED_PROTO", "NEIGH_CREATEFAIL", "NEIGH_FAILED", "NEIGH_DEAD", "NEIGH_HH_FILLFAIL",
            "DEV_READY", "NO_TX_TARGET", "VXLAN_VNI_NOT_FOUND", "PKT_TOO_BIG", "TUNNEL_TXINFO", "RECURSION_LIMIT",
        ],
        [Malformed] =
        [
            "PKT_TOO_SMALL", "TCP_CSUM", "UDP_CSUM", "IP_CSUM", "ICMP_CSUM", "SKB_CSUM", "SKB_BAD_GSO", "IP_INHDR", "HDR_TRUNC", "DEV_HDR", "SKB_GSO_SEG", "SKB_UCOPY_FAULT",
            "TCP_FLAGS", "TCP_INVALID_SEQUENCE", "TCP_INVALID_END_SEQUENCE", "TCP_INVALID_ACK_SEQUENCE", "TCP_INVALID_SYN", "INVALID_PROTO", "IP_INADDRERRORS", "IP_LOCAL_SOURCE",
            "IP_INVALID_SOURCE", "IP_LOCALNET", "IP_INVALID_DEST", "UNICAST_IN_L2_MULTICAST", "DUP_FRAG", "FRAG_TOO_FAR", "IPV6_BAD_EXTHDR", "IPV6_NDISC_FRAG",
            "IPV6_NDISC_HOP_LIMIT", "IPV6_NDISC_BAD_CODE", "IPV6_NDISC_BAD_OPTIONS", "VXLAN_INVALID_HDR", "VXLAN_ENTRY_EXISTS", "MAC_INVALID_SOURCE", "IP_TUNNEL_ECN",
            "LOCAL_MAC", "MAC_IEEE_MAC_CONTROL", "CAN_RX_INVALID_FRAME", "CANFD_RX_INVALID_FRAME", "CANXL_RX_INVALID_FRAME", "PACKET_SOCK_ERROR",
        ],
        [Protocol] =
        [
            "OTHERHOST", "SOCKET_CLOSE", "QUEUE_PURGE", "UNIX_DISCONNECT", "UNIX_SKIP_OOB", "TCP_OLD_DATA", "TCP_OFOMERGE", "TCP_RFC7323_PAWS", "TCP_RFC7323_PAWS_ACK",
            "TCP_RFC7323_TW_PAWS", "TCP_RFC7323_TSECR", "TCP_OLD_SEQUENCE", "TCP_RESET", "TCP_CLOSE", "TCP_FASTOPEN", "TCP_OLD_ACK", "TCP_TOO_OLD_ACK", "TCP_ACK_UNSENT_DATA",
            "TCP_ABORT_ON_DATA", "TCP_ABORT_ON_CLOSE", "TCP_ABORT_ON_LINGER", "IPV6_NDISC_NS_OTHERHOST", "SKB_CONSUMED",
        ],
    }.SelectMany(each => each.Value, (each, reason) => KeyValuePair.Create(reason, each.Key)).ToFrozenDictionary(StringComparer.Ordinal);

    /// <param name="reason">As the kernel names it, without its prefix.</param>
    public static string Of(string reason) => Classes.GetValueOrDefault(reason)
        ?? (reason.StartsWith("OVS_", StringComparison.Ordinal) ? Policy : Unspecified);
}
