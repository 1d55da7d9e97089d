using System.Globalization;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>SY001 to SY010: a node's sysctls, counters and links (the kernel's Documentation/networking; nf_conntrack's and the neighbour tables' statistics).</summary>
internal static class NodeChecks
{
    private const double NearlyFull = 0.8;

    /// <summary>Bytes per second that a path is taken to carry when nobody measured it: 1 Gbit/s.</summary>
    private const double BytesPerSecond = 125_000_000;

    public static readonly IReadOnlyList<Check> All =
    [
        new("SY001", Severity.Error, "The node forwards no packets", "Set net.ipv4.ip_forward to 1 in a file that nothing overrides.", Evidence.NodeState, static e =>
            from node in e.NodeStates
            where node.Sysctls.GetValueOrDefault("net.ipv4.ip_forward") == "0"
            select On(node, "net.ipv4.ip_forward = 0")),
        new("SY002", Severity.Error, "Packets of a network plugin's interface are dropped when their answer would take another way", "Set rp_filter of the interface to 0 (Cilium) or 2, and of all not above it.", Evidence.NodeState, static e =>
            from node in e.NodeStates
            from sysctl in node.Sysctls
            where sysctl.Key.EndsWith(".rp_filter", StringComparison.Ordinal) && IsAsymmetric(sysctl.Key)
            let effective = Math.Max(Number(sysctl.Value), Number(node.Sysctls.GetValueOrDefault("net.ipv4.conf.all.rp_filter")))
            where effective == 1
            select On(node, $"{sysctl.Key} is 1 in effect")),
        new("SY003", Severity.Warning, "The table of tracked connections is nearly full, or has dropped packets", "Raise net.netfilter.nf_conntrack_max; each entry takes about 320 bytes.", Evidence.NodeState | Evidence.NodeCounters, static e =>
            from node in e.NodeStates
            let count = Number(node.Sysctls.GetValueOrDefault("net.netfilter.nf_conntrack_count"))
            let most = Number(node.Sysctls.GetValueOrDefault("net.netfilter.nf_conntrack_max"))
            let dropped = node.Counters.GetValueOrDefault("nf_conntrack.drop") + node.Counters.GetValueOrDefault("nf_conntrack.early_drop")
            where (most > 0 && count > NearlyFull * most) || dropped > 0
            select On(node, $"{count} of {most} entries, {dropped} dropped")),
        new("SY004", Severity.Warning, "Connections were dropped because a listen queue was full", "Raise net.core.somaxconn, and the backlog that the application asks for.", Evidence.NodeState | Evidence.NodeCounters, static e =>
            from node in e.NodeStates
            let overflows = node.Counters.GetValueOrDefault("TcpExt.ListenOverflows")
            where overflows > 0
            select On(node, $"{overflows} overflows, net.core.somaxconn is {node.Sysctls.GetValueOrDefault("net.core.somaxconn") ?? "unknown"}")),
        new("SY005", Severity.Warning, "The largest window is below bandwidth times round-trip time", "Raise the third value of tcp_rmem and tcp_wmem to twice the product.", Evidence.NodeState | Evidence.Metrics, static e =>
            from node in e.NodeStates
            from sysctl in new[] { "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem" }
            let most = Number(node.Sysctls.GetValueOrDefault(sysctl)?.Split(' ')[^1])
            let seconds = e.Metric("netpulse_tcp_smoothed_rtt_seconds").Select(static m => m.Value).Max()
            where most > 0 && most < seconds * BytesPerSecond
            select On(node, string.Create(CultureInfo.InvariantCulture, $"{sysctl} allows {most} bytes; {seconds * 1000:F1} ms at 1 Gbit/s need {seconds * BytesPerSecond:F0}"))) { Samples = ["netpulse_tcp_smoothed_rtt_seconds"] },
        new("SY006", Severity.Warning, "A sysctl is set in two files, or is not what its file says", "Keep one owner of each sysctl.", Evidence.NodeState | Evidence.SysctlFiles, static e => Owners(e)),
        new("SY007", Severity.Warning, "A pod asks for a sysctl that its kubelet does not allow", "Allow it in allowedUnsafeSysctls, or remove it.", Evidence.Events, static e =>
            from found in e.OfKind("Event")
            where found.Text("reason") == "SysctlForbidden"
            select Finding.Of($"{found.Text("involvedObject.kind")} {found.Text("involvedObject.namespace")}/{found.Text("involvedObject.name")}", found.Text("message"), "")),
        new("SY008", Severity.Warning, "The neighbour table is full or nearly so", "Raise net.ipv4.neigh.default.gc_thresh3, and gc_thresh1 and gc_thresh2 with it.", Evidence.NodeState | Evidence.NodeCounters, static e =>
            from node in e.NodeStates
            let full = node.Counters.GetValueOrDefault("arp_cache.table_fulls")
            let entries = node.Counters.GetValueOrDefault("arp_cache.entries")
            let most = Number(node.Sysctls.GetValueOrDefault("net.ipv4.neigh.default.gc_thresh3"))
            where full > 0 || (most > 0 && entries > NearlyFull * most)
            select On(node, $"{entries} of {most} entries, full {full} times")),
        new("SY009", Severity.Warning, "Ports for connections to the outside run out", "Widen net.ipv4.ip_local_port_range, and set tcp_tw_reuse to 1.", Evidence.NodeState | Evidence.NodeCounters, static e =>
            from node in e.NodeStates
            let range = (node.Sysctls.GetValueOrDefault("net.ipv4.ip_local_port_range") ?? "").Split(' ')
            where range.Length == 2
            let ports = Number(range[1]) - Number(range[0]) + 1
            let waiting = node.Counters.GetValueOrDefault("sockstat.tw")
            where ports > 0 && waiting > NearlyFull * ports
            select On(node, $"{waiting} connections in TIME-WAIT, {ports} ports")),
        new("SY010", Severity.Info, "An interface has offloads switched off", "ethtool -K INTERFACE gro on gso on tso on", Evidence.NodeOffloads, static e =>
            from node in e.NodeStates
            from link in node.OffloadsOff
            where !link.Value.IsEmpty && link.Key != "lo"
            select On(node, $"{link.Key}: {string.Join(", ", link.Value)} off")),
    ];

    private static Finding On(NodeState node, string seen) => Finding.Of($"Node {node.Name}", seen, "");

    /// <summary>Interfaces through which a packet may come in without its answer going out there. Calico's own cali interfaces are strict on purpose.</summary>
    private static bool IsAsymmetric(string sysctl) =>
        sysctl.Split('.') is ["net", "ipv4", "conf", var name, ..]
        && (name.StartsWith("cilium_", StringComparison.Ordinal) || name.StartsWith("lxc", StringComparison.Ordinal) || name is "vxlan/calico" or "vxlan-v6/calico" or "wireguard/cali" or "tunl0");

    private static long Number(string? text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static IEnumerable<Finding> Owners(ClusterEvidence evidence)
    {
        foreach (var node in evidence.NodeStates)
        {
            // A file of /etc over one that a package brought is how it is meant to be.
            foreach (var owners in node.SysctlFiles.GroupBy(static s => s.Name, StringComparer.Ordinal))
            {
                var last = owners.Last();
                if (owners.FirstOrDefault(o => o.File.StartsWith("/etc/", StringComparison.Ordinal) && o.File != last.File && o.Value != last.Value) is { } first)
                {
                    yield return Finding.In($"Node {node.Name}", last.Name, 0, $"{first.Value} in {first.File}, {last.Value} in {last.File}", "") with { File = "" };
                }

                if (node.Sysctls.TryGetValue(last.Name, out var value) && value != last.Value)
                {
                    yield return Finding.In($"Node {node.Name}", last.Name, 0, $"{last.Value} in {last.File}, {value} in force", "") with { File = "" };
                }
            }
        }
    }
}
