using System.Globalization;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;
using NetPulse.Optimizer.Policies.Addresses;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>CA001 to CA015: Calico (the operator's validation.go, and its documentation of IP pools, Felix and the eBPF data plane).</summary>
internal static class CalicoChecks
{
    private const string Operator = "operator.tigera.io";

    /// <summary>Nodes above which each one must not ask the API server by itself.</summary>
    private const int NodesWithoutTypha = 50;

    private static readonly TimeSpan LongStaged = TimeSpan.FromDays(30);

    /// <summary>With eBPF: the first kernel that has what Calico needs.</summary>
    private static readonly Version FirstKernel = new(5, 8);

    private static readonly string[] Methods = ["firstFound", "kubernetes", "interface", "skipInterface", "canReach", "cidrs"];

    private static readonly string[] Families = ["nodeAddressAutodetectionV4", "nodeAddressAutodetectionV6"];

    private static readonly Cidr[] PrivateBlocks = [.. new[] { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7" }.Select(Parsed)];

    public static readonly IReadOnlyList<Check> All =
    [
        new("CA001", Severity.Error, "The Installation names no network plugin, or one that the provider does not allow", "State spec.cni.type: Calico.", Evidence.None, static e =>
            from found in Installations(e)
            let type = found.Text("spec.cni.type")
            let seen = type.Length == 0 ? found.At("spec.cni") is null && found.At("metadata.resourceVersion") is null ? null : "no spec.cni.type"
                : Provider(type) is { } provider && found.Text("spec.kubernetesProvider") != provider ? $"{type} with kubernetesProvider {(found.Text("spec.kubernetesProvider") is { Length: > 0 } other ? other : "absent")}" : null
            where seen is not null
            select Finding.At(found, "spec.cni.type", seen, "", PatchOperation.Set("spec.cni", new JsonObject { ["type"] = "Calico" }))) { Kinds = ["Installation"] },
        new("CA002", Severity.Error, "The eBPF data plane is not told how to find the nodes' addresses", "Add nodeAddressAutodetectionV4, as {kubernetes: NodeInternalIP}.", Evidence.None, static e =>
            from found in Installations(e)
            where IsBpf(found) && Families.All(f => found.At($"spec.calicoNetwork.{f}") is null)
            select Finding.At(found, "spec.calicoNetwork", "linuxDataplane: BPF without nodeAddressAutodetection", "", PatchOperation.Set("spec.calicoNetwork.nodeAddressAutodetectionV4", new JsonObject { ["kubernetes"] = "NodeInternalIP" }))) { Kinds = ["Installation"] },
        new("CA003", Severity.Error, "An IPv6 pool is encapsulated in IPIP, which carries IPv4 only", "Use VXLAN, or no encapsulation.", Evidence.None, static e =>
            from pool in Pools(e)
            where pool.Block.Family == IpFamily.V6 && pool.Encapsulation.StartsWith("IPIP", StringComparison.Ordinal)
            select Finding.At(pool.Object, pool.Path, $"{pool.Block} with {pool.Encapsulation}", "")) { Kinds = ["IPPool", "Installation"] },
        new("CA004", Severity.Error, "A pool needs BGP, which is disabled", "Set bgp: Enabled, or encapsulate in VXLAN.", Evidence.None, static e =>
            from found in Installations(e)
            where found.Text("spec.calicoNetwork.bgp") == "Disabled"
            from pool in found.Items("spec.calicoNetwork.ipPools")
            let encapsulation = Raw.Text(pool.Value, "encapsulation") is { Length: > 0 } stated ? stated : "IPIP"
            where !encapsulation.StartsWith("VXLAN", StringComparison.Ordinal)
            select Finding.At(found, pool.Path, $"bgp: Disabled, encapsulation: {encapsulation}", "", PatchOperation.Set($"{pool.Path}.encapsulation", "VXLAN"))) { Kinds = ["Installation"] },
        new("CA005", Severity.Error, "There is more than one way of finding the nodes' addresses, or a block is none", "Keep one method for each family.", Evidence.None, static e =>
            from found in Installations(e)
            from family in Families
            let stated = found.At($"spec.calicoNetwork.{family}") as JsonObject
            where stated is not null
            let methods = Methods.Where(m => stated[m] is { } value && value.ToJsonString() is not ("false" or "[]")).ToList()
            let broken = Raw.Texts(stated, "cidrs").Find(static c => !Cidr.TryParse(c, out _))
            where methods.Count > 1 || broken is not null
            select Finding.At(found, $"spec.calicoNetwork.{family}", broken is null ? string.Join(", ", methods) : $"{broken} is no block", "")) { Kinds = ["Installation"] },
        new("CA006", Severity.Error, "The eBPF data plane meets kube-proxy, host ports, or a kernel that is too old", "Disable kube-proxy and hostPorts, and run Linux 5.8 at least.", Evidence.None, static e =>
            from found in Installations(e).Concat(e.OfKind("FelixConfiguration"))
            where IsBpf(found) || Raw.IsTrue(found.Root, "spec.bpfEnabled")
            from seen in AgainstBpf(e, found)
            select Finding.At(found, "spec", seen, "")) { Kinds = ["Installation", "FelixConfiguration"] },
        new("CA007", Severity.Warning, "A pool lies outside of the pods' block, overlaps another, or has too few blocks for the nodes", "Make pools that are inside of the pods' block and do not overlap, with blocks enough.", Evidence.None, static e => PoolRanges(e)) { Kinds = ["IPPool"] },
        new("CA008", Severity.Warning, "Pods of a private pool cannot reach the internet: their addresses are not translated", "Set natOutgoing: true.", Evidence.None, static e =>
            from pool in Pools(e)
            where !pool.IsTranslated && PrivateBlocks.Any(p => p.Contains(pool.Block))
            select Finding.At(pool.Object, pool.Path, $"{pool.Block} without natOutgoing", "", PatchOperation.Set($"{pool.Path}.natOutgoing", pool.Object.Kind == "IPPool" ? JsonValue.Create(true) : JsonValue.Create("Enabled")))) { Kinds = ["IPPool", "Installation"] },
        new("CA009", Severity.Warning, "Packets between subnets are sent as they are where the cloud checks their source", "Set awsSrcDstCheck: Disable in the FelixConfiguration, or encapsulate always.", Evidence.Nodes, static e =>
            from pool in Pools(e)
            where pool.Encapsulation.EndsWith("CrossSubnet", StringComparison.Ordinal) || pool.Encapsulation is "None"
            let cloud = e.OfKind("Node").Where(static n => n.Text("spec.providerID").StartsWith("aws://", StringComparison.Ordinal)).ToList()
            where cloud.Count > 1 && !e.OfKind("FelixConfiguration").Any(static f => f.Text("spec.awsSrcDstCheck") == "Disable")
            select Finding.At(pool.Object, pool.Path, $"{pool.Encapsulation} on {cloud.Count} nodes of AWS, awsSrcDstCheck is not Disable", "")) { Kinds = ["IPPool", "Installation"] },
        new("CA010", Severity.Error, "A global policy that denies selects everything, also system pods and the hosts", "Leave kube-system, calico-system and the like out by a namespaceSelector.", Evidence.None, static e =>
            from policy in Policies(e, "GlobalNetworkPolicy")
            where IsEverything(policy.Text("spec.selector")) && policy.Text("spec.namespaceSelector").Length == 0
            let denied = Rules(policy).Where(static r => Raw.Text(r.Value, "action") == "Deny" && Raw.At(r.Value, "source") is null && Raw.At(r.Value, "destination") is null).Select(static r => r.Path).FirstOrDefault()
                ?? (Raw.Texts(policy.Root, "spec.types").Count > 0 && !Rules(policy).Any() ? "spec.types" : null)
            where denied is not null
            select Finding.At(policy, denied, "selector all(), no namespaceSelector", "", PatchOperation.Set("spec.namespaceSelector", "kubernetes.io/metadata.name not in {'kube-system', 'calico-system', 'calico-apiserver', 'tigera-operator'}"))) { Kinds = ["GlobalNetworkPolicy"] },
        new("CA011", Severity.Warning, "Policies of one order are about the same pods, or Pass has no tier to pass to", "State different orders; allow or deny in the last tier.", Evidence.None, static e =>
            (from pair in Pairs(Policies(e, "GlobalNetworkPolicy", "NetworkPolicy").ToList())
             let order = pair.First.Text("spec.order")
             where order.Length > 0 && order == pair.Second.Text("spec.order") && Tier(pair.First) == Tier(pair.Second)
                && (pair.First.Kind != "NetworkPolicy" || pair.Second.Kind != "NetworkPolicy" || pair.First.Namespace() == pair.Second.Namespace())
                && (pair.First.Text("spec.selector") == pair.Second.Text("spec.selector") || IsEverything(pair.First.Text("spec.selector")) || IsEverything(pair.Second.Text("spec.selector")))
                && Rules(pair.First).Select(static r => Raw.Text(r.Value, "action")).Concat(Rules(pair.Second).Select(static r => Raw.Text(r.Value, "action"))).Distinct(StringComparer.Ordinal).Count() > 1
             select Finding.At(pair.Second, "spec.order", $"{ClusterEvidence.NameOf(pair.First)} has order {order}, too", ""))
            .Concat(from policy in Policies(e, "GlobalNetworkPolicy", "NetworkPolicy")
                    where Tier(policy) == LastTier(e)
                    from rule in Rules(policy)
                    where Raw.Text(rule.Value, "action") == "Pass"
                    select Finding.At(policy, rule.Path, $"action: Pass in tier {Tier(policy)}, after which there is none", ""))) { Kinds = ["GlobalNetworkPolicy", "NetworkPolicy"] },
        new("CA012", Severity.Warning, "There are no failsafe ports: a wrong policy for a host cuts it off", "Leave failsafeInboundHostPorts and failsafeOutboundHostPorts out, or list SSH, the API server and etcd.", Evidence.None, static e =>
            from felix in e.OfKind("FelixConfiguration")
            from field in new[] { "failsafeInboundHostPorts", "failsafeOutboundHostPorts" }
            where felix.At($"spec.{field}") is JsonArray { Count: 0 }
            select Finding.At(felix, $"spec.{field}", $"{field}: []", "", PatchOperation.Remove($"spec.{field}"))) { Kinds = ["FelixConfiguration"] },
        new("CA013", Severity.Warning, "Many nodes ask the API server without Typha between", "Run Typha, one for each 100 to 200 nodes.", Evidence.Nodes, static e =>
            from set in e.OfKind("DaemonSet")
            where set.Name() == "calico-node" && set.Namespace() == "kube-system" && e.Inputs.Nodes.Length > NodesWithoutTypha
                && !e.OfKind("Deployment").Any(static d => d.Name() == "calico-typha" && d.Text("spec.replicas") != "0")
            select Finding.At(set, "", $"{e.Inputs.Nodes.Length} nodes and no Typha", "")) { Kinds = ["DaemonSet calico-node"] },
        new("CA014", Severity.Warning, "The MTU is stated, and larger than what the link carries in its tunnel", "Leave the MTU out: Felix finds it.", Evidence.NodeLinks, static e =>
            from felix in e.OfKind("FelixConfiguration")
            from tunnel in new[] { (Field: "vxlanMTU", Bytes: 50), (Field: "vxlanMTUV6", Bytes: 70), (Field: "ipipMTU", Bytes: 20), (Field: "wireguardMTU", Bytes: 60), (Field: "wireguardMTUV6", Bytes: 80) }
            let mtu = felix.Number($"spec.{tunnel.Field}")
            let link = e.NodeStates.Where(static n => n.LinkMtu is not null).Select(static n => n.LinkMtu).Min()
            where mtu > link - tunnel.Bytes
            select Finding.At(felix, $"spec.{tunnel.Field}", $"{mtu} on a link of {link}", "", PatchOperation.Remove($"spec.{tunnel.Field}"))) { Kinds = ["FelixConfiguration"] },
        new("CA015", Severity.Info, "A staged policy has been left staged, or is the same as the one in force", "Promote it or delete it.", Evidence.None, static e =>
            from staged in e.Objects
            where staged.Kind is "StagedNetworkPolicy" or "StagedGlobalNetworkPolicy" or "StagedKubernetesNetworkPolicy"
            let same = e.Objects.FirstOrDefault(o => o.Kind == staged.Kind.Replace("Staged", "", StringComparison.Ordinal).Replace("Kubernetes", "", StringComparison.Ordinal)
                && o.Name() == staged.Name() && o.Text("metadata.namespace") == staged.Text("metadata.namespace") && JsonNode.DeepEquals(Spec(o), Spec(staged)))
            let age = DateTimeOffset.TryParse(staged.Text("metadata.creationTimestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var made) ? e.Now - made : null
            where same is not null || age > LongStaged
            select Finding.At(staged, "", same is not null ? $"the same as {ClusterEvidence.NameOf(same)}" : string.Create(CultureInfo.InvariantCulture, $"staged for {age.Value.TotalDays:F0} days"), ""))
        { Kinds = ["StagedNetworkPolicy", "StagedGlobalNetworkPolicy", "StagedKubernetesNetworkPolicy"] },
    ];

    /// <summary>Bytes that the pools' encapsulation adds; null when no pool is known.</summary>
    internal static int? Overhead(ClusterEvidence evidence) =>
        Pools(evidence).Select(static p => (int?)(p.Encapsulation.StartsWith("VXLAN", StringComparison.Ordinal) ? 50 : p.Encapsulation.StartsWith("IPIP", StringComparison.Ordinal) ? 20 : 0)).Max();

    private static IEnumerable<ManifestObject> Installations(ClusterEvidence evidence) => evidence.OfKind("Installation").Where(static o => o.Group() == Operator);

    private static bool IsBpf(ManifestObject installation) => installation.Text("spec.calicoNetwork.linuxDataplane") == "BPF";

    /// <summary>The provider that a plugin of another maker belongs to.</summary>
    private static string? Provider(string type) => type switch
    {
        "AmazonVPC" => "EKS",
        "AzureVNET" => "AKS",
        "GKE" => "GKE",
        _ => null,
    };

    private static IEnumerable<string> AgainstBpf(ClusterEvidence evidence, ManifestObject found)
    {
        if (evidence.OfKind("DaemonSet").Any(static d => d.Name() == "kube-proxy" && d.Text("spec.template.spec.nodeSelector.non-calico").Length == 0) && found.Text("spec.calicoNetwork.kubeProxyManagement") != "Enabled")
        {
            yield return "DaemonSet kube-proxy is there, too";
        }

        if (found.Text("spec.calicoNetwork.hostPorts") == "Enabled")
        {
            yield return "hostPorts: Enabled";
        }

        var kernels = evidence.OfKind("Node").Select(static n => (n.Name(), n.Text("status.nodeInfo.kernelVersion"))).Concat(evidence.NodeStates.Select(static n => (n.Name, n.Sysctls.GetValueOrDefault("kernel.osrelease") ?? "")));
        foreach (var (node, kernel) in kernels)
        {
            if (kernel.Split(['.', '-'], StringSplitOptions.None) is [var major, var minor, ..] && Version.TryParse($"{major}.{minor}", out var version) && version < FirstKernel)
            {
                yield return $"node {node} runs Linux {kernel}";
            }
        }
    }

    private static IEnumerable<Finding> PoolRanges(ClusterEvidence evidence)
    {
        var pools = Pools(evidence).Where(static p => p.Object.Kind == "IPPool").ToList();
        foreach (var (pool, i) in pools.Select(static (p, i) => (p, i)))
        {
            if (evidence.PodBlock is { } pods && pods.Family == pool.Block.Family && !pods.Contains(pool.Block))
            {
                yield return Finding.At(pool.Object, "spec.cidr", $"{pool.Block} is not inside of the pods' block {pods}", "");
            }

            if (pools.Skip(i + 1).FirstOrDefault(other => other.Block.Contains(pool.Block) || pool.Block.Contains(other.Block)) is { Object: not null } second)
            {
                yield return Finding.At(second.Object, "spec.cidr", $"{second.Block} overlaps {pool.Block} of {pool.Object.Name()}", "");
            }

            var blocks = Math.Pow(2, (pool.Object.Number("spec.blockSize") ?? (pool.Block.Family == IpFamily.V4 ? 26 : 122)) - pool.Block.Prefix);
            if (blocks < evidence.Inputs.Nodes.Length && pool.Object.Text("spec.nodeSelector") is "" or "all()")
            {
                yield return Finding.At(pool.Object, "spec.blockSize", $"{blocks} blocks for {evidence.Inputs.Nodes.Length} nodes", "");
            }
        }
    }

    /// <summary>Pools of both kinds of object, in the words of the Installation.</summary>
    private static IEnumerable<(ManifestObject Object, string Path, Cidr Block, string Encapsulation, bool IsTranslated)> Pools(ClusterEvidence evidence)
    {
        foreach (var pool in evidence.OfKind("IPPool").Where(static p => p.Group() is "projectcalico.org" or "crd.projectcalico.org"))
        {
            if (Cidr.TryParse(pool.Text("spec.cidr"), out var block) && !Raw.IsTrue(pool.Root, "spec.disabled"))
            {
                yield return (pool, "spec", block, Mode("IPIP", pool.Text("spec.ipipMode")) ?? Mode("VXLAN", pool.Text("spec.vxlanMode")) ?? "None", Raw.IsTrue(pool.Root, "spec.natOutgoing"));
            }
        }

        foreach (var installation in Installations(evidence))
        {
            foreach (var (pool, path) in installation.Items("spec.calicoNetwork.ipPools"))
            {
                if (Cidr.TryParse(Raw.Text(pool, "cidr"), out var block))
                {
                    // The operator takes IPIP for IPv4 and no encapsulation for IPv6 when nothing is stated.
                    yield return (installation, path, block, Raw.Text(pool, "encapsulation") is { Length: > 0 } stated ? stated : block.Family == IpFamily.V4 ? "IPIP" : "None", Raw.Text(pool, "natOutgoing") != "Disabled");
                }
            }
        }
    }

    private static string? Mode(string name, string mode) => mode switch
    {
        "Always" => name,
        "CrossSubnet" => $"{name}CrossSubnet",
        _ => null,
    };

    private static IEnumerable<ManifestObject> Policies(ClusterEvidence evidence, params string[] kinds) =>
        evidence.Objects.Where(o => kinds.Contains(o.Kind) && o.Group() is "projectcalico.org" or "crd.projectcalico.org");

    private static IEnumerable<(JsonObject Value, string Path)> Rules(ManifestObject policy) => policy.Items("spec.ingress").Concat(policy.Items("spec.egress"));

    private static IEnumerable<(ManifestObject First, ManifestObject Second)> Pairs(List<ManifestObject> policies) =>
        policies.SelectMany((first, i) => policies.Skip(i + 1).Select(second => (first, second)));

    private static bool IsEverything(string selector) => selector.Trim() is "" or "all()";

    private static string Tier(ManifestObject policy) => policy.Text("spec.tier") is { Length: > 0 } stated ? stated : "default";

    /// <summary>The one of the highest order; the default one unless a tier states a higher order.</summary>
    private static string LastTier(ClusterEvidence evidence) =>
        evidence.OfKind("Tier").Where(static t => t.Name() is not ("default" or "adminnetworkpolicy" or "baselineadminnetworkpolicy") && t.Number("spec.order") is null or > 1_000_000).Select(static t => t.Name()).FirstOrDefault() ?? "default";

    private static JsonNode? Spec(ManifestObject found)
    {
        var spec = found.At("spec")?.DeepClone();
        (spec as JsonObject)?.Remove("stagedAction");
        return spec;
    }

    private static Cidr Parsed(string text) => Cidr.TryParse(text, out var block) ? block : throw new FormatException(text);
}
