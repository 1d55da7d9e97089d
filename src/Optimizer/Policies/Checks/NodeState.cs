using System.Collections.Immutable;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>What was seen on a node beside the objects of the cluster. What was not looked at is left out.</summary>
/// <param name="Name">The node's; empty for the only one.</param>
public sealed record NodeState(string Name)
{
    /// <summary>Executables in the folder of the CNI plugins; default when it was not looked at.</summary>
    public ImmutableArray<string> Binaries { get; init; }

    /// <summary>Files that exist, by path; default when none was looked for.</summary>
    public ImmutableArray<string> Files { get; init; }

    /// <summary>Permission bits by path.</summary>
    public ImmutableDictionary<string, int> Modes { get; init; } = ImmutableDictionary<string, int>.Empty;

    /// <summary>Bytes, of the link to the other nodes.</summary>
    public int? LinkMtu { get; init; }

    /// <summary>Addresses that host-local has given.</summary>
    public int? AllocatedAddresses { get; init; }

    /// <summary>Sysctls of the node's own namespace, as <c>net.ipv4.ip_forward</c> → <c>1</c>; a dot in an interface's name is a slash.</summary>
    public ImmutableDictionary<string, string> Sysctls { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Counters since the node started, as <c>TcpExt.ListenOverflows</c>, <c>nf_conntrack.insert_failed</c>, <c>arp_cache.table_fulls</c>.</summary>
    public ImmutableDictionary<string, long> Counters { get; init; } = ImmutableDictionary<string, long>.Empty;

    /// <summary>What the files of sysctl.d say, in the order in which they are applied.</summary>
    public ImmutableArray<SysctlLine> SysctlFiles { get; init; } = [];

    /// <summary>Name servers of the resolv.conf that the kubelet hands to pods.</summary>
    public ImmutableArray<string> Resolvers { get; init; } = [];

    /// <summary>TCP ports that a pod's processes have open on loopback and nowhere else; default when no pod's processes were seen.</summary>
    public ImmutableArray<(string PodUid, int Port)> LoopbackListeners { get; init; }

    /// <summary>Offloads that are switched off, by interface, as ethtool -k names them; empty when it was not asked.</summary>
    public ImmutableDictionary<string, ImmutableArray<string>> OffloadsOff { get; init; } = ImmutableDictionary<string, ImmutableArray<string>>.Empty;
}

/// <summary>One assignment of a sysctl.conf file.</summary>
/// <param name="Line">From 1.</param>
public sealed record SysctlLine(string File, int Line, string Name, string Value);
