using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>
/// Reads a node from its root folder: <c>/</c>, the host's root as mounted into a pod, or a copy of it, as sosreport makes one (offloads are read from
/// its <c>sos_commands/networking/ethtool_-k_*</c>). What is not there was not looked at.
/// </summary>
public sealed partial class NodeFolder(string root, string name)
{
    private const string ConfigurationFolder = "/etc/cni/net.d";

    private static readonly string[] PluginFolders = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"];

    private static readonly string[] ConfigurationExtensions = [".conf", ".conflist", ".json"];

    private static readonly string[] Offloads = ["generic-receive-offload", "generic-segmentation-offload", "tcp-segmentation-offload"];

    private static readonly string[] SocketTables = ["tcp", "tcp6"];

    private static readonly string[] SysctlFolders = ["/etc/sysctl.d", "/run/sysctl.d", "/usr/lib/sysctl.d"];

    private static readonly string[] SysctlNames =
    [
        "kernel.osrelease", "net.core.somaxconn", "net.core.rmem_max", "net.core.wmem_max", "net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
        "net.ipv4.tcp_max_syn_backlog", "net.ipv4.tcp_tw_reuse", "net.ipv4.ip_local_port_range", "net.ipv4.neigh.default.gc_thresh1", "net.ipv4.neigh.default.gc_thresh2",
        "net.ipv4.neigh.default.gc_thresh3", "net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_count",
    ];

    /// <summary>The folder of a node is named after it; this host by its host name.</summary>
    public static NodeFolder At(string folder) => folder == "this"
        ? new NodeFolder("", Environment.MachineName)
        : new NodeFolder(folder.TrimEnd('/'), Path.GetFileName(Path.GetFullPath(folder).TrimEnd('/')));

    public string Name => name;

    /// <summary>The kubelet's configuration as YAML; null when it is not there.</summary>
    public (string File, string Text)? KubeletConfiguration() => Text("/var/lib/kubelet/config.yaml") is { } text ? (root + "/var/lib/kubelet/config.yaml", text) : null;

    public IEnumerable<CniConfigurationFile> CniConfigurations() => CniConfigurationsOf(root + ConfigurationFolder, name);

    /// <summary>Every configuration of one folder, in the order in which a runtime looks at them.</summary>
    public static IEnumerable<CniConfigurationFile> CniConfigurationsOf(string folder, string node) =>
        from file in Directory.Exists(folder) ? Directory.GetFiles(folder).Order(StringComparer.Ordinal) : Enumerable.Empty<string>()
        where ConfigurationExtensions.Contains(Path.GetExtension(file))
        let text = ReadRaw(file)
        where text is not null
        select new CniConfigurationFile(node, file, text);

    public NodeState ReadState() => new(name)
    {
        Binaries = PluginFolders.Select(f => root + f).FirstOrDefault(Directory.Exists) is { } plugins ? [.. Directory.GetFiles(plugins).Where(IsExecutable).Select(static f => Path.GetFileName(f))] : default,
        Files = [.. CniConfigurations().SelectMany(static c => Kubeconfigs(c.Text)).Distinct(StringComparer.Ordinal).Where(f => File.Exists(root + f))],
        Modes = CniConfigurations().ToImmutableDictionary(static c => c.File, static c => (int)Mode(c.File), StringComparer.Ordinal),
        LinkMtu = DefaultLink() is { } link && int.TryParse(Text($"/sys/class/net/{link}/mtu")?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var mtu) ? mtu : null,
        AllocatedAddresses = Directory.Exists($"{root}/var/lib/cni/networks")
            ? Directory.EnumerateFiles($"{root}/var/lib/cni/networks", "*", SearchOption.AllDirectories).Count(static f => System.Net.IPAddress.TryParse(Path.GetFileName(f), out _)) : null,
        Sysctls = Sysctls(),
        Counters = Counters(),
        SysctlFiles = [.. SysctlLines()],
        Resolvers = [.. Lines(ResolverFile()).Select(static l => l.Split([' ', '\t'], StringSplitOptions.None)).Where(static w => w is ["nameserver", _, ..]).Select(static w => w[1])],
        OffloadsOff = OffloadsOff(),
        LoopbackListeners = PodProcesses() is { Count: > 0 } processes ? [.. OnLoopbackOnly(processes)] : default,
    };

    private static IEnumerable<string> Kubeconfigs(string text)
    {
        JsonNode? parsed;
        try
        {
            parsed = JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return [];
        }

        return Raw.Below(parsed).Where(static f => f.Key == "kubeconfig" && f.Value is JsonValue).Select(static f => f.Value!.ToString());
    }

    private ImmutableDictionary<string, string> Sysctls()
    {
        var read = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var sysctl in SysctlNames)
        {
            if (Text($"/proc/sys/{sysctl.Replace('.', '/')}") is { } value)
            {
                read[sysctl] = Plain(value);
            }
        }

        foreach (var folder in Folders($"{root}/proc/sys/net/ipv4/conf"))
        {
            if (Read($"{folder}/rp_filter") is { } value)
            {
                read[$"net.ipv4.conf.{Path.GetFileName(folder).Replace('.', '/')}.rp_filter"] = Plain(value);
            }
        }

        return read.ToImmutable();
    }

    private ImmutableDictionary<string, long> Counters()
    {
        var read = ImmutableDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        foreach (var file in new[] { "/proc/net/netstat", "/proc/net/snmp" })
        {
            // A line of names, then a line of values, both after the same prefix.
            foreach (var (names, values) in Lines(file).Chunk(2).Where(static p => p.Length == 2).Select(static p => (p[0].Split(' '), p[1].Split(' '))))
            {
                foreach (var (counter, value) in names.Skip(1).Zip(values.Skip(1)))
                {
                    read[$"{names[0].TrimEnd(':')}.{counter}"] = long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;
                }
            }
        }

        foreach (var table in new[] { "nf_conntrack", "arp_cache" })
        {
            // A line of names, then one of hexadecimal values a CPU.
            var lines = Lines($"/proc/net/stat/{table}").Select(static l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
            foreach (var (counter, i) in lines.Take(1).SelectMany(static l => l.Select(static (c, i) => (c, i))))
            {
                var each = lines.Skip(1).Where(l => l.Length > i).Select(l => long.TryParse(l[i], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) ? number : 0).ToList();

                // The number of entries is the table's own, told again for each CPU.
                read[$"{table}.{counter}"] = counter == "entries" ? each.DefaultIfEmpty().Max() : each.Sum();
            }
        }

        if (Lines("/proc/net/sockstat").Select(static l => l.Split(' ')).FirstOrDefault(static w => w[0] == "TCP:") is { } sockets
            && Array.IndexOf(sockets, "tw") is > 0 and var at && long.TryParse(sockets.ElementAtOrDefault(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var waiting))
        {
            read["sockstat.tw"] = waiting;
        }

        return read.ToImmutable();
    }

    /// <summary>As systemd-sysctl applies them: by file name, whichever folder it is in, a file of /etc in place of one of the same name elsewhere; sysctl.conf last.</summary>
    private IEnumerable<SysctlLine> SysctlLines()
    {
        var files = SysctlFolders
            .SelectMany(folder => Directory.Exists(root + folder) ? Directory.GetFiles(root + folder, "*.conf").Select(f => $"{folder}/{Path.GetFileName(f)}") : [])
            .DistinctBy(static f => Path.GetFileName(f)).OrderBy(static f => Path.GetFileName(f), StringComparer.Ordinal).Append("/etc/sysctl.conf");
        foreach (var file in files)
        {
            foreach (var (line, i) in Lines(file).Select(static (l, i) => (l, i)))
            {
                if (line.Trim() is [not ('#' or ';'), ..] text && text.Split('=', 2) is [var key, var value])
                {
                    yield return new SysctlLine(file, i + 1, key.Trim().TrimStart('-').Replace('/', '.'), Plain(value));
                }
            }
        }
    }

    /// <summary>Of each pod one process: they share the network namespace. Its cgroup has the pod's uid, in the form of systemd or of cgroupfs.</summary>
    private List<(string Folder, string Uid)> PodProcesses() =>
    [
        .. Folders($"{root}/proc").Where(static f => Path.GetFileName(f).All(char.IsAsciiDigit))
            .Select(static f => (Folder: f, Uid: PodUid().Match(Read($"{f}/cgroup") ?? "").Groups["uid"].Value.Replace('_', '-')))
            .Where(static p => p.Uid.Length > 0 && File.Exists($"{p.Folder}/net/tcp"))
            .DistinctBy(static p => p.Uid),
    ];

    private static IEnumerable<(string PodUid, int Port)> OnLoopbackOnly(IEnumerable<(string Folder, string Uid)> processes) =>
        from process in processes
        from port in Listening(process.Folder).GroupBy(static l => l.Port)
        where port.All(static l => l.IsLoopback)
        select (process.Uid, port.Key);

    /// <summary>Rows of /proc/net/tcp and tcp6 in state 0A: address and port in hexadecimal, an address in words of the machine's order.</summary>
    private static IEnumerable<(int Port, bool IsLoopback)> Listening(string process) =>
        from file in SocketTables
        from line in (Read($"{process}/net/{file}") ?? "").Split('\n').Skip(1)
        let words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        where words.Length > 3 && words[3] == "0A"
        let local = words[1].Split(':')
        where local.Length == 2 && int.TryParse(local[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _)
        select (int.Parse(local[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            local[0] is "00000000000000000000000001000000" || (local[0].EndsWith("7F", StringComparison.Ordinal) && local[0].Length == 8)
            || (local[0].StartsWith("0000000000000000FFFF0000", StringComparison.Ordinal) && local[0].EndsWith("7F", StringComparison.Ordinal)));

    [GeneratedRegex("pod(?<uid>[0-9a-f]{8}([-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PodUid();

    private string ResolverFile() =>
        Lines("/var/lib/kubelet/config.yaml").Where(static l => l.StartsWith("resolvConf:", StringComparison.Ordinal)).Select(static l => l["resolvConf:".Length..].Trim().Trim('"')).FirstOrDefault() ?? "/etc/resolv.conf";

    private ImmutableDictionary<string, ImmutableArray<string>> OffloadsOff()
    {
        var folder = $"{root}/sos_commands/networking";
        return (Directory.Exists(folder) ? Directory.GetFiles(folder, "ethtool_-k_*") : []).ToImmutableDictionary(
            static f => Path.GetFileName(f)["ethtool_-k_".Length..],
            static f => (Read(f) ?? "").Split('\n').Select(static l => l.Trim()).Where(static l => Offloads.Any(o => l.StartsWith($"{o}: off", StringComparison.Ordinal)))
                .Select(static l => l[..l.IndexOf(':', StringComparison.Ordinal)]).ToImmutableArray(),
            StringComparer.Ordinal);
    }

    /// <summary>The interface of the default route.</summary>
    private string? DefaultLink() => Lines("/proc/net/route").Select(static l => l.Split('\t')).Where(static w => w is [_, "00000000", ..]).Select(static w => w[0]).FirstOrDefault();

    private static bool IsExecutable(string file) => (Mode(file) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != UnixFileMode.None;

    private static UnixFileMode Mode(string file) => OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(file);

    private static string Plain(string value) => string.Join(' ', value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    private static IEnumerable<string> Folders(string folder) => Directory.Exists(folder) ? Directory.GetDirectories(folder).Order(StringComparer.Ordinal) : Enumerable.Empty<string>();

    private string[] Lines(string path) => Text(path)?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [];

    private string? Text(string path) => Read(root + path);

    /// <summary>With the byte order mark, which a runtime stumbles over.</summary>
    private static string? ReadRaw(string file) => Read(file, static f => System.Text.Encoding.UTF8.GetString(File.ReadAllBytes(f)));

    private static string? Read(string file) => Read(file, File.ReadAllText);

    private static string? Read(string file, Func<string, string> read)
    {
        try
        {
            return File.Exists(file) ? read(file) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
