using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>CN001 to CN020: what /etc/cni/net.d says (CNI specification 1.1, libcni's conf.go).</summary>
internal static class CniChecks
{
    private static readonly string[] MetaPlugins = ["portmap", "bandwidth", "tuning", "firewall", "sbr", "vrf", "chaining"];

    /// <summary>Interface plugins that cannot work without addresses to give.</summary>
    private static readonly string[] NeedingAddresses = ["bridge", "ptp", "macvlan", "ipvlan", "vlan", "host-device"];

    /// <summary>Versions that the specification has had.</summary>
    private static readonly string[] Versions = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];

    private static readonly string[] BandwidthAnnotations = ["kubernetes.io/ingress-bandwidth", "kubernetes.io/egress-bandwidth"];

    public static readonly IReadOnlyList<Check> All =
    [
        new("CN001", Severity.Error, "The configuration is not valid JSON", "Correct the file, or install the plugin again.", Evidence.CniConfiguration, static e =>
            from file in e.CniConfigurations
            let problem = Problem(file.Text)
            where problem is not null
            select Finding.In(file.File, "", 0, problem, "correct the file, or install the plugin again")),
        new("CN002", Severity.Error, "The configuration has no name", "Add a name.", Evidence.CniConfiguration, static e =>
            from file in Read(e)
            where file.Root["name"] is not JsonValue value || !value.TryGetValue<string>(out var name) || name.Length == 0
            select Finding.In(file.File, "name", 0, $"name: {file.Root["name"]?.ToJsonString() ?? "absent"}", "add a name")),
        new("CN003", Severity.Error, "cniVersion is missing or is none, so that the oldest one is assumed", "State cniVersion, as 1.0.0.", Evidence.CniConfiguration, static e =>
            from file in Read(e)
            where file.Root["cniVersion"] is not JsonValue value || !value.TryGetValue<string>(out var text) || !System.Version.TryParse(text, out _)
            select Finding.In(file.File, "cniVersion", 0, $"cniVersion: {file.Root["cniVersion"]?.ToJsonString() ?? "absent"}", "cniVersion: \"1.0.0\"")),
        new("CN004", Severity.Error, "The list has no plugins", "Add the plugins.", Evidence.CniConfiguration, static e =>
            from file in Read(e)
            where file.Root["type"] is null && file.Root["plugins"] is not JsonArray { Count: > 0 }
            select Finding.In(file.File, "plugins", 0, file.Root["plugins"] is null ? "plugins is absent" : "plugins is empty", "add the plugins")),
        new("CN005", Severity.Error, "A plugin has no type", "State the plugin's binary as type.", Evidence.CniConfiguration, static e =>
            from file in Read(e)
            from plugin in Plugins(file.Root)
            where plugin.Type.Length == 0
            select Finding.In(file.File, plugin.Path, 0, "no type", "state the plugin's binary as type")),
        new("CN006", Severity.Error, "A plugin's binary is missing or cannot be executed", "Install the binary (containernetworking-plugins has the common ones).", Evidence.CniConfiguration | Evidence.NodeFiles, static e =>
            from file in Read(e)
            from plugin in Plugins(file.Root)
            where plugin.Type.Length > 0 && e.Node(file.Node) is { Binaries: { IsDefault: false } binaries } && !binaries.Contains(plugin.Type)
            select Finding.In(file.File, plugin.Path, 0, $"there is no executable {plugin.Type} in the plugins' folder", "install it (containernetworking-plugins has the common ones)")),
        new("CN007", Severity.Warning, "Several configurations: the runtime takes the first by name", "Remove the configuration of the plugin that is not used any more.", Evidence.CniConfiguration, static e =>
            from node in e.CniConfigurations.GroupBy(static f => (f.Node, Folder: Path.GetDirectoryName(f.File) ?? ""))
            let files = node.Select(static f => Path.GetFileName(f.File)).Where(static f => Path.GetExtension(f) is ".conf" or ".conflist" or ".json").Order(StringComparer.Ordinal).ToList()
            where files.Count > 1
            select Finding.In(Path.Combine(node.Key.Folder, files[0]), "", 0, $"{string.Join(", ", files)}: {files[0]} is taken", "remove the configuration of the plugin that is not used any more")),
        new("CN008", Severity.Warning, "A single plugin where a chain is needed", "Make it a .conflist with portmap and bandwidth after the plugin.", Evidence.CniConfiguration, static e =>
            from file in Read(e)
            where file.Root["type"] is not null && file.Root["plugins"] is null
            select Finding.In(file.File, "type", 0, "one plugin: neither host ports nor bandwidth limits can work", "make it a .conflist with portmap and bandwidth after the plugin")),
        new("CN009", Severity.Error, "Pods use host ports, and the chain has no portmap", "Add portmap with its capability portMappings to the chain.", Evidence.CniConfiguration | Evidence.Pods, static e =>
            from file in Read(e)
            where Plugins(file.Root).Any() && !Plugins(file.Root).Any(static p => p.Type is "portmap" or "cilium-cni")
            let pod = e.OfKind("Pod").FirstOrDefault(static p => (p.Root["spec"]?["containers"] as JsonArray ?? []).OfType<JsonObject>()
                .SelectMany(static c => (c["ports"] as JsonArray ?? []).OfType<JsonObject>()).Any(static port => port["hostPort"] is not null) && $"{p.Root["spec"]?["hostNetwork"]}" != "true")
            where pod is not null
            select Finding.In(file.File, "plugins", 0, $"{ClusterEvidence.NameOf(pod)} has a hostPort", "add {\"type\": \"portmap\", \"capabilities\": {\"portMappings\": true}}")),
        new("CN010", Severity.Warning, "Pods limit their bandwidth, and the chain has no bandwidth plugin", "Add bandwidth with its capability to the chain.", Evidence.CniConfiguration | Evidence.Pods, static e =>
            from file in Read(e)
            where Plugins(file.Root).Any() && !Plugins(file.Root).Any(static p => p.Type is "bandwidth" or "cilium-cni")
            let pod = e.Inputs.Pods.FirstOrDefault(static p => p.Metadata.Annotations.Keys.Any(BandwidthAnnotations.Contains))
            where pod is not null
            select Finding.In(file.File, "plugins", 0, $"pod {NetworkPolicyInventoryChecks.Name(pod)} has a bandwidth annotation", "add {\"type\": \"bandwidth\", \"capabilities\": {\"bandwidth\": true}}")),
        new("CN011", Severity.Error, "A plugin has no addresses to give, or gives those of others", "Give the plugin an ipam section, with a block of its own.", Evidence.CniConfiguration, static e => AddressRanges(e)),
        new("CN012", Severity.Warning, "The MTU is larger than what the link carries", "State the link's MTU less what the tunnel adds.", Evidence.CniConfiguration | Evidence.NodeLinks, static e =>
            from file in Read(e)
            from plugin in Plugins(file.Root)
            let mtu = Number(plugin.Value["mtu"])
            let link = e.Node(file.Node)?.LinkMtu
            where mtu is not null && link is not null && mtu > link - Overhead(e, plugin.Type)
            select Finding.In(file.File, $"{plugin.Path}.mtu", 0, $"mtu {mtu} on a link of {link}", $"mtu: {link - Overhead(e, plugin.Type)}")),
        new("CN013", Severity.Warning, "The plugin's kubeconfig is missing", "Restart the plugin's installer pod.", Evidence.CniConfiguration | Evidence.NodeFiles, static e =>
            from file in Read(e)
            from plugin in Plugins(file.Root)
            let path = $"{plugin.Value["kubernetes"]?["kubeconfig"] ?? plugin.Value["kubeconfig"]}"
            where path.Length > 0 && e.Node(file.Node) is { Files: { IsDefault: false } files } && !files.Contains(path)
            select Finding.In(file.File, $"{plugin.Path}.kubernetes.kubeconfig", 0, $"{path} is not there", "restart the plugin's installer pod")),
        new("CN014", Severity.Warning, "The configuration can be read or written by more than root", "chmod 600, owned by root.", Evidence.CniConfiguration | Evidence.NodeFiles, static e =>
            from file in e.CniConfigurations
            let mode = e.Node(file.Node)?.Modes.GetValueOrDefault(file.File)
            where mode is not null && (mode & Convert.ToInt32("077", 8)) != 0
            select Finding.In(file.File, "", 0, $"mode {Convert.ToString(mode.Value, 8)}", "chmod 600")),
        new("CN015", Severity.Warning, "Nodes have different configurations", "Roll the plugin's configuration out anew.", Evidence.CniConfiguration, static e =>
            from name in Read(e).Where(static f => f.Node.Length > 0).GroupBy(static f => Path.GetFileName(f.File), StringComparer.Ordinal)
            let kinds = name.GroupBy(static f => Shape(f.Root), StringComparer.Ordinal).ToList()
            where kinds.Count > 1
            select Finding.In(name.Key, "", 0, $"{kinds.MinBy(static k => k.Count())!.First().Node} differs from {kinds.MaxBy(static k => k.Count())!.First().Node}", "roll the plugin's configuration out anew")),
        new("CN016", Severity.Warning, "A plugin that only adds to an interface comes before the one that makes it", "Put the plugin that makes the interface first.", Evidence.CniConfiguration, static e =>
            from file in Read(e)
            let plugins = Plugins(file.Root).ToList()
            where plugins.Count > 1
            let first = plugins[0]
            where MetaPlugins.Contains(first.Type)
            select Finding.In(file.File, first.Path, 0, $"{first.Type} is the first", "put the plugin that makes the interface first")),
        new("CN017", Severity.Warning, "cniVersion is newer than any that is known, or than a plugin supports", "State a version that the runtime and every plugin support.", Evidence.CniConfiguration, static e =>
            from file in Read(e)
            let text = $"{file.Root["cniVersion"]}"
            where System.Version.TryParse(text, out var version) && version > System.Version.Parse(Versions[^1])
            select Finding.In(file.File, "cniVersion", 0, text, $"cniVersion: \"{Versions[^2]}\"")),
        new("CN018", Severity.Info, "Checks or garbage collection of interfaces are switched off", "Remove the setting.", Evidence.CniConfiguration, static e =>
            from file in Read(e)
            from key in new[] { "disableCheck", "disableGC" }
            where $"{file.Root[key]}" == "true"
            select Finding.In(file.File, key, 0, $"{key}: true", $"remove {key}")),
        new("CN019", Severity.Warning, "The addresses of a node are nearly used up", "Give the node a larger block, or remove allocations of pods that are gone.", Evidence.CniConfiguration | Evidence.NodeFiles, static e =>
            from file in Read(e)
            from plugin in Plugins(file.Root)
            from range in Ranges(plugin.Value)
            let used = e.Node(file.Node)?.AllocatedAddresses
            let size = (double)(range.Block.Last - range.Block.First) + 1
            where used > 0.9 * size
            select Finding.In(file.File, range.Path, 0, $"{used} of {size} addresses are given", "give the node a larger block, or remove allocations of pods that are gone")),
        new("CN020", Severity.Warning, "The pods' block overlaps that of nodes or services", "Use blocks that do not overlap.", Evidence.Nodes, static e => Overlaps(e)),
    ];

    private static string? Problem(string text)
    {
        if (text.StartsWith('\uFEFF'))
        {
            return "the file begins with a byte order mark";
        }

        try
        {
            return JsonNode.Parse(text) is JsonObject ? null : "the file holds no object";
        }
        catch (JsonException e)
        {
            return e.Message;
        }
    }

    private static IEnumerable<(string Node, string File, JsonObject Root)> Read(ClusterEvidence evidence) =>
        from file in evidence.CniConfigurations
        where Problem(file.Text) is null
        select (file.Node, file.File, JsonNode.Parse(file.Text)!.AsObject());

    /// <summary>A single configuration is a chain of one.</summary>
    private static IEnumerable<(string Path, string Type, JsonObject Value)> Plugins(JsonObject root) =>
        root["plugins"] is JsonArray list
            ? list.Select(static (p, i) => ($"plugins[{i}]", $"{(p as JsonObject)?["type"]}", p as JsonObject ?? []))
            : root["type"] is not null ? [("", $"{root["type"]}", root)] : [];

    private static IEnumerable<Finding> AddressRanges(ClusterEvidence evidence)
    {
        var given = new List<(string Node, string File, string Path, Cidr Block)>();
        foreach (var (node, file, root) in Read(evidence))
        {
            foreach (var (path, type, value) in Plugins(root))
            {
                if (NeedingAddresses.Contains(type) && value["ipam"] is not JsonObject { Count: > 0 })
                {
                    yield return Finding.In(file, $"{path}.ipam", 0, $"{type} without ipam", "add ipam, as {\"type\": \"host-local\", \"ranges\": [[{\"subnet\": \"10.244.0.0/24\"}]]}");
                }

                given.AddRange(Ranges(value).Select(range => (node, file, $"{path}.{range.Path}", range.Block)));
            }
        }

        foreach (var range in given.Where(range => evidence.ServiceBlock is { } services && (services.Contains(range.Block) || range.Block.Contains(services))))
        {
            yield return Finding.In(range.File, range.Path, 0, $"{range.Block} is in the services' block {evidence.ServiceBlock}", "use a block of the pods");
        }

        foreach (var (first, second) in given.SelectMany((first, i) => given.Skip(i + 1).Select(second => (first, second))))
        {
            if (first.Node != second.Node && (first.Block.Contains(second.Block) || second.Block.Contains(first.Block)))
            {
                yield return Finding.In(second.File, second.Path, 0, $"{second.Block} of {second.Node} overlaps {first.Block} of {first.Node}", "give each node a block of its own");
            }
        }
    }

    private static IEnumerable<(string Path, Cidr Block)> Ranges(JsonObject plugin)
    {
        if (plugin["ipam"] is not JsonObject ipam)
        {
            yield break;
        }

        if (Cidr.TryParse($"{ipam["subnet"]}", out var single))
        {
            yield return ("ipam.subnet", single);
        }

        foreach (var (set, i) in (ipam["ranges"] as JsonArray ?? []).Select(static (s, i) => (s as JsonArray ?? [], i)))
        {
            foreach (var (range, j) in set.Select(static (r, j) => (r, j)))
            {
                if (Cidr.TryParse($"{(range as JsonObject)?["subnet"]}", out var block))
                {
                    yield return ($"ipam.ranges[{i}][{j}].subnet", block);
                }
            }
        }
    }

    /// <summary>Bytes that the plugin's tunnel puts around each packet, by what its other objects say.</summary>
    private static int Overhead(ClusterEvidence evidence, string plugin) => plugin switch
    {
        "flannel" => 50,
        "calico" => CalicoChecks.Overhead(evidence) ?? 0,
        "cilium-cni" => CiliumChecks.Configurations(evidence).Select(static m => (int?)CiliumChecks.Overhead(m)).FirstOrDefault() ?? 0,
        _ => 0,
    };

    private static int? Number(JsonNode? node) => int.TryParse($"{node}", NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;

    /// <summary>Without what differs between nodes: their addresses.</summary>
    private static string Shape(JsonObject root)
    {
        var copy = (JsonObject)root.DeepClone();
        foreach (var (_, _, plugin) in Plugins(copy))
        {
            plugin.Remove("ipam");
            plugin.Remove("nodename");
        }

        return copy.ToJsonString();
    }

    private static IEnumerable<Finding> Overlaps(ClusterEvidence evidence)
    {
        var nodes = evidence.Inputs.Nodes.SelectMany(static n => n.Status.Addresses.Where(static a => a.Type.Length == 0 || a.Type == "InternalIP").Select(a => (n.Metadata.Name, a.Address))).ToList();
        var blocks = evidence.OfKind(nameof(Node)).Select(static n => $"{n.Root["spec"]?["podCIDR"]}").Append($"{evidence.PodBlock}")
            .Select(static text => (IsBlock: Cidr.TryParse(text, out var block), Block: block)).Where(static b => b.IsBlock).Select(static b => b.Block).Distinct().ToImmutableArray();
        foreach (var block in blocks)
        {
            if (evidence.ServiceBlock is { } services && (services.Contains(block) || block.Contains(services)))
            {
                yield return Finding.Of("Cluster", $"the pods' block {block} overlaps the services' block {services}", "use blocks that do not overlap; that needs a new cluster");
            }

            if (nodes.Find(n => IpValue.TryParse(n.Address, out var address) && block.Contains(address)) is { Name: not null } node)
            {
                yield return Finding.Of("Cluster", $"node {node.Name} has the address {node.Address} in the pods' block {block}", "use blocks that do not overlap");
            }
        }
    }
}
