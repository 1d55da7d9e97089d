using System.Globalization;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Recommendation;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>CI001 to CI019: Cilium, Hubble and Cluster Mesh (Cilium's documentation; the keys are those of its ConfigMap).</summary>
internal static class CiliumChecks
{
    private const string Configuration = "ConfigMap cilium-config";
    private const string ClusterLabel = "io.cilium.k8s.policy.cluster";
    private const string NamespaceLabel = "io.kubernetes.pod.namespace";
    private const string GlobalAnnotation = "service.cilium.io/global";
    private const double NearlyFull = 0.9;

    private static readonly string[] PolicyKinds = ["CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"];

    private static readonly string[] Sections = ["ingress", "egress", "ingressDeny", "egressDeny"];

    private static readonly string[] PeerFields =
        ["fromEndpoints", "toEndpoints", "fromEntities", "toEntities", "fromCIDR", "toCIDR", "fromCIDRSet", "toCIDRSet", "fromNodes", "toNodes", "fromGroups", "toGroups", "toServices", "toFQDNs", "fromRequires", "toRequires"];

    /// <summary>Ports on which something else than plain HTTP answers.</summary>
    private static readonly string[] OtherPorts = ["22", "25", "53", "443", "1433", "3306", "5432", "5671", "5672", "6379", "6443", "8443", "9042", "9092", "11211", "27017"];

    private static readonly string[] Everyone = ["0.0.0.0/0", "::/0"];

    public static readonly IReadOnlyList<Check> All =
    [
        new("CI001", Severity.Warning, "Policies are only audited: nothing is enforced", "Set policy-audit-mode to false once the log was looked at.", Evidence.None, static e =>
            Stated(e, "policy-audit-mode", static v => v == "true", "false")) { Kinds = [Configuration] },
        new("CI002", Severity.Warning, "Policies are never enforced, or also where there is none", "Set enable-policy to default.", Evidence.None, static e =>
            Stated(e, "enable-policy", static v => v is "never" or "always", "default")) { Kinds = [Configuration] },
        new("CI003", Severity.Error, "A rule that denies everyone beats every rule that allows", "Deny by default with an empty rule of the allowing section.", Evidence.None, static e =>
            from rule in Rules(e, "ingressDeny", "egressDeny")
            where Raw.Items(rule.Value, "toPorts").Concat(Raw.Items(rule.Value, "icmps")).All(static _ => false) && IsEveryone(rule.Value)
            select Finding.At(rule.Policy, rule.Path, "it denies everyone", "", PatchOperation.Remove(rule.Path))) { Kinds = [.. PolicyKinds] },
        new("CI004", Severity.Error, "A cluster-wide policy with few rules puts whole namespaces under default deny", "Add enableDefaultDeny: {ingress: false, egress: false}.", Evidence.None, static e =>
            from spec in Specs(e)
            where spec.Policy.Kind == "CiliumClusterwideNetworkPolicy" && IsWide(Raw.At(spec.Value, "endpointSelector") as JsonObject) && Raw.At(spec.Value, "enableDefaultDeny") is null
            let stated = Sections.SelectMany(s => Raw.Items(spec.Value, s)).Where(static r => r.Value.Count > 0).Select(static r => r.Path).FirstOrDefault()
            where stated is not null
            select Finding.At(spec.Policy, $"{spec.Path}.{stated}", "it selects whole namespaces, and does not say that it adds no default deny", "",
                PatchOperation.Set($"{spec.Path}.enableDefaultDeny", new JsonObject { ["ingress"] = false, ["egress"] = false }))) { Kinds = ["CiliumClusterwideNetworkPolicy"] },
        new("CI005", Severity.Error, "Names are allowed, but no rule lets Cilium see the answers of DNS", "Add a rule to kube-dns with rules.dns, as matchPattern \"*\".", Evidence.None, static e =>
            from spec in Specs(e)
            from rule in Raw.Items(spec.Value, "egress")
            where Raw.At(rule.Value, "toFQDNs") is JsonArray { Count: > 0 } && !Specs(e).Any(other => Covers(other, spec) && Raw.Items(other.Value, "egress").Any(static r => SeesDns(r.Value)))
            select Finding.At(spec.Policy, $"{spec.Path}.{rule.Path}.toFQDNs", "toFQDNs, and no rule with rules.dns for these pods", "")) { Kinds = [.. PolicyKinds] },
        new("CI006", Severity.Warning, "Every name is allowed", "Name the domains.", Evidence.None, static e =>
            from rule in Rules(e, "egress")
            from name in Raw.Items(rule.Value, "toFQDNs")
            where Raw.Text(name.Value, "matchPattern") is "*" or "**" or "*.*"
            select Finding.At(rule.Policy, $"{rule.Path}.{name.Path}", $"matchPattern: {Raw.Text(name.Value, "matchPattern")}", "")) { Kinds = [.. PolicyKinds] },
        new("CI007", Severity.Warning, "A block is of pods or nodes, which Cilium does not match by address", "Use toEndpoints or fromEndpoints for pods; the entities host, remote-node and kube-apiserver for nodes.", Evidence.Pods, static e =>
            from rule in Rules(e, Sections)
            from block in Blocks(rule.Value)
            let inside = Inside(e, block.Block)
            where block.Block.Prefix > 0 && inside is not null
            select Finding.At(rule.Policy, $"{rule.Path}.{block.Path}", $"{block.Block} holds {inside}", "")) { Kinds = [.. PolicyKinds] },
        new("CI008", Severity.Warning, "Callers from everywhere are let in to pods that no Service offers outside", "Name the callers.", Evidence.Pods | Evidence.Services, static e =>
            from spec in Specs(e)
            from rule in Raw.Items(spec.Value, "ingress")
            let entity = Raw.Texts(rule.Value, "fromEntities").Find(static x => x is "world" or "all" or "world-ipv4" or "world-ipv6")
            where entity is not null
            let pods = Subjects(e, spec.Policy, spec.Value).ToList()
            where pods.Count > 0 && !pods.Exists(pod => e.Services.Any(s => s.Value.Spec.Type is ServiceSpec.LoadBalancer or ServiceSpec.NodePort && Selection.IsBehind(pod, s.Value)))
            select Finding.At(spec.Policy, $"{spec.Path}.{rule.Path}.fromEntities", $"{entity}, and {NetworkPolicyInventoryChecks.Name(pods[0])} is behind no LoadBalancer or NodePort", "")) { Kinds = [.. PolicyKinds] },
        new("CI009", Severity.Warning, "HTTP is expected on a port that carries something else or is encrypted", "Leave rules.http out, or state terminatingTLS.", Evidence.None, static e =>
            from rule in Rules(e, "ingress", "egress")
            from ports in Raw.Items(rule.Value, "toPorts")
            where Raw.At(ports.Value, "rules.http") is JsonArray { Count: > 0 } && Raw.At(ports.Value, "terminatingTLS") is null
            from port in Raw.Items(ports.Value, "ports")
            let number = Raw.Text(port.Value, "port")
            where OtherPorts.Contains(number) || Raw.Text(port.Value, "protocol") is "UDP" or "SCTP"
            select Finding.At(rule.Policy, $"{rule.Path}.{ports.Path}.{port.Path}", $"rules.http on port {number}", "", PatchOperation.Remove($"{rule.Path}.{ports.Path}.rules"))) { Kinds = [.. PolicyKinds] },
        new("CI010", Severity.Error, "kube-proxy runs beside its replacement, or Cilium does not know the API server without it", "Remove kube-proxy; set k8sServiceHost and k8sServicePort.", Evidence.DaemonSets, static e =>
            from map in Configurations(e)
            where Value(map, "kube-proxy-replacement") is "true" or "strict"
            from set in e.OfKind("DaemonSet")
            let seen = set.Name() == "kube-proxy" ? "DaemonSet kube-proxy is there, too"
                : set.Name() == "cilium" && Value(map, "k8s-api-server").Length == 0 && !set.Items("spec.template.spec.containers").Any(static c => Raw.Items(c.Value, "env").Any(static v => Raw.Text(v.Value, "name") == "KUBERNETES_SERVICE_HOST")) ? "the agent has no KUBERNETES_SERVICE_HOST" : null
            where seen is not null
            select Finding.At(map, "data.kube-proxy-replacement", seen, "")) { Kinds = [Configuration] },
        new("CI011", Severity.Warning, "Labels of one generation or one job make an identity each", "Exclude them in labels, as !controller-uid.", Evidence.None, static e =>
            (from map in Configurations(e)
             let key = Value(map, "labels").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static l => l.StartsWith("k8s:", StringComparison.Ordinal) ? l[4..] : l).FirstOrDefault(StableLabels.IsPassing)
             where key is not null
             select Finding.At(map, "data.labels", $"{key} is part of the identity", ""))
            .Concat(from identity in e.OfKind("CiliumIdentity")
                    let key = (identity.At("security-labels") as JsonObject ?? []).Select(static l => l.Key[(l.Key.IndexOf(':', StringComparison.Ordinal) + 1)..]).FirstOrDefault(StableLabels.IsPassing)
                    where key is not null
                    select Finding.At(identity, "security-labels", $"{key}, among {e.OfKind("CiliumIdentity").Count()} identities", "")).Take(1)) { Kinds = [Configuration, "CiliumIdentity"] },
        new("CI012", Severity.Warning, "The policy map of an endpoint is nearly full", "Join blocks, or raise bpf-policy-map-max.", Evidence.Metrics, static e =>
            from reading in e.Metric("cilium_bpf_map_pressure")
            where reading.Value > NearlyFull && reading.Labels.GetValueOrDefault("map_name")?.Contains("policy", StringComparison.Ordinal) == true
            select Finding.Of("Cilium", string.Create(CultureInfo.InvariantCulture, $"{reading.Labels["map_name"]} is full to {reading.Value:P0}"), "")) { Samples = ["cilium_bpf_map_pressure"] },
        new("CI013", Severity.Warning, "Hubble is on without TLS or relay, or loses events", "Switch on hubble-relay and TLS; raise hubble-event-queue-size.", Evidence.None, static e =>
            (from map in Configurations(e)
             where Value(map, "enable-hubble") == "true"
             let seen = Value(map, "hubble-disable-tls") == "true" && Value(map, "hubble-listen-address").Length > 0 ? "hubble-disable-tls: true"
                : e.OfKind("Deployment").Any() && !e.OfKind("Deployment").Any(static d => d.Name() == "hubble-relay") ? "there is no Deployment hubble-relay" : null
             where seen is not null
             select Finding.At(map, "data.enable-hubble", seen, ""))
            .Concat(from reading in e.Metric("hubble_lost_events_total")
                    where reading.Value > 0
                    select Finding.Of("Hubble", $"{reading.Value} events were lost ({reading.Labels.GetValueOrDefault("source")})", ""))) { Kinds = [Configuration] },
        new("CI014", Severity.Warning, "Hubble's metrics carry the names of pods: each restart makes new series", "Use the workload in labelsContext, sourceContext and destinationContext.", Evidence.None, static e =>
            from map in Configurations(e)
            let label = Value(map, "hubble-metrics").Split(' ', ';', ':', ',', '=', '|').FirstOrDefault(static word => word is "pod" or "pod-short" or "source_pod" or "destination_pod" or "source_ip" or "destination_ip")
            where label is not null and not "pod-short"
            select Finding.At(map, "data.hubble-metrics", label, "")) { Kinds = [Configuration] },
        new("CI015", Severity.Error, "Clusters of a mesh have the same name, number or addresses", "Give each its own cluster-name, cluster-id and pods' block.", Evidence.None, static e =>
            from pair in Pairs(Configurations(e).ToList())
            from key in new[] { "cluster-id", "cluster-name", "cluster-pool-ipv4-cidr", "cluster-pool-ipv6-cidr" }
            let first = Value(pair.First, key)
            let second = Value(pair.Second, key)
            where first.Length > 0 && (first == second || (Cidr.TryParse(first, out var a) && Cidr.TryParse(second, out var b) && (a.Contains(b) || b.Contains(a))))
            select Finding.At(pair.Second, $"data.{key}", $"{second}, the other cluster has {first}", "")) { Lacks = static e => Configurations(e).Skip(1).Any() ? null : "the cilium-config of two clusters" },
        new("CI016", Severity.Warning, "A Service is global on one side of the mesh only", "Annotate it in each cluster.", Evidence.Services, static e =>
            from same in e.Services.GroupBy(static s => (s.Value.Metadata.Namespace, s.Value.Metadata.Name))
            let isGlobal = same.ToLookup(static s => s.Value.Metadata.Annotations.GetValueOrDefault(GlobalAnnotation) == "true")
            where isGlobal[true].Any() && isGlobal[false].Any()
            select Finding.At(isGlobal[false].First().Source, "metadata.annotations", $"{GlobalAnnotation} in one cluster only", "")) { Lacks = static e => Configurations(e).Skip(1).Any() ? null : "the objects of two clusters" },
        new("CI017", Severity.Warning, "In a mesh, a peer that names no cluster means all of them, or only its own, by a setting", "Name the cluster by its label io.cilium.k8s.policy.cluster.", Evidence.None, static e =>
            from map in Configurations(e)
            where Value(map, "cluster-id") is not ("" or "0")
            from rule in Rules(e, "ingress", "egress")
            from field in new[] { "fromEndpoints", "toEndpoints" }
            from peer in Raw.Items(rule.Value, field)
            where peer.Value.Count > 0 && !Raw.Below(peer.Value).Any(static f => Bare(f.Key) == ClusterLabel || (f.Key == "key" && Bare($"{f.Value}") == ClusterLabel))
                && !Raw.Below(peer.Value).Any(static f => f is { Key: "k8s-app", Value: JsonValue } or { Key: "k8s:k8s-app", Value: JsonValue })
            select Finding.At(rule.Policy, $"{rule.Path}.{peer.Path}", $"no cluster named; policy-default-local-cluster is {(Value(map, "policy-default-local-cluster") == "true" ? "true: only its own" : "false: every one")}", "")) { Kinds = [Configuration] },
        new("CI018", Severity.Warning, "The MTU is stated, and larger than what the link carries in its tunnel", "Leave mtu out: Cilium finds it.", Evidence.NodeLinks, static e =>
            from map in Configurations(e)
            let link = e.NodeStates.Where(static n => n.LinkMtu is not null).Select(static n => n.LinkMtu).Min()
            where int.TryParse(Value(map, "mtu"), NumberStyles.None, CultureInfo.InvariantCulture, out var mtu) && mtu > link - Overhead(map)
            select Finding.At(map, "data.mtu", $"mtu {Value(map, "mtu")} on a link of {link}, of which the tunnel takes {Overhead(map)}", "", PatchOperation.Remove("data.mtu"))) { Kinds = [Configuration] },
        new("CI019", Severity.Info, "Endpoints are still being regenerated", "Look at the agent's log; policies of these endpoints are not in force yet.", Evidence.Metrics, static e =>
            from reading in e.Metric("cilium_endpoint_state")
            where reading.Value > 0 && reading.Labels.GetValueOrDefault("endpoint_state") is "regenerating" or "waiting-to-regenerate" or "waiting-for-identity" && reading.Value > 0
            select Finding.Of("Cilium", $"{reading.Value} endpoints are {reading.Labels["endpoint_state"]}", "")) { Samples = ["cilium_endpoint_state"] },
    ];

    /// <summary>Bytes that the tunnel and the encryption of this configuration add.</summary>
    internal static int Overhead(ManifestObject map) =>
        (Value(map, "routing-mode") == "native" || Value(map, "tunnel") == "disabled" ? 0 : 50) + (Value(map, "enable-wireguard") == "true" ? 80 : 0);

    internal static IEnumerable<ManifestObject> Configurations(ClusterEvidence evidence) => evidence.OfKind("ConfigMap").Where(static m => m.Name() == "cilium-config");

    private static string Value(ManifestObject map, string key) => map.Text($"data.{key}");

    private static IEnumerable<Finding> Stated(ClusterEvidence evidence, string key, Func<string, bool> isWrong, string right) =>
        from map in Configurations(evidence)
        where isWrong(Value(map, key))
        select Finding.At(map, $"data.{key}", $"{key}: {Value(map, key)}", "", PatchOperation.Set($"data.{key}", right));

    /// <summary>A policy states one spec, or a list of them.</summary>
    private static IEnumerable<(ManifestObject Policy, JsonObject Value, string Path)> Specs(ClusterEvidence evidence) =>
        from policy in evidence.Objects
        where PolicyKinds.Contains(policy.Kind) && policy.Group() == "cilium.io"
        from spec in policy.Items("specs").Concat(policy.At("spec") is JsonObject one ? [(one, "spec")] : [])
        select (policy, spec.Value, spec.Path);

    private static IEnumerable<(ManifestObject Policy, JsonObject Value, string Path)> Rules(ClusterEvidence evidence, params string[] sections) =>
        from spec in Specs(evidence)
        from section in sections
        from rule in Raw.Items(spec.Value, section)
        select (spec.Policy, rule.Value, $"{spec.Path}.{rule.Path}");

    private static bool IsEveryone(JsonObject rule) =>
        !PeerFields.Any(f => rule[f] is not null)
        || Raw.Items(rule, "fromEndpoints").Concat(Raw.Items(rule, "toEndpoints")).Any(static p => p.Value.Count == 0)
        || Raw.Texts(rule, "fromEntities").Concat(Raw.Texts(rule, "toEntities")).Contains("all")
        || Raw.Texts(rule, "fromCIDR").Concat(Raw.Texts(rule, "toCIDR")).Any(Everyone.Contains);

    /// <summary>Everything, or what is selected by nothing but its namespace.</summary>
    private static bool IsWide(JsonObject? selector) =>
        selector is not null && (selector["matchExpressions"] as JsonArray ?? []).Count == 0 && (selector["matchLabels"] as JsonObject ?? []).All(static l => Bare(l.Key) == NamespaceLabel || Bare(l.Key).StartsWith("io.cilium.k8s.namespace.labels.", StringComparison.Ordinal));

    private static bool Covers((ManifestObject Policy, JsonObject Value, string Path) other, (ManifestObject Policy, JsonObject Value, string Path) spec) =>
        (other.Policy.Kind == "CiliumClusterwideNetworkPolicy" || other.Policy.Namespace() == spec.Policy.Namespace())
        && (JsonNode.DeepEquals(other.Value["endpointSelector"], spec.Value["endpointSelector"]) || other.Value["endpointSelector"] is JsonObject { Count: 0 });

    private static bool SeesDns(JsonObject rule) => Raw.Items(rule, "toPorts").Any(static p => Raw.At(p.Value, "rules.dns") is JsonArray { Count: > 0 });

    private static IEnumerable<(Cidr Block, string Path)> Blocks(JsonObject rule)
    {
        foreach (var field in new[] { "fromCIDR", "toCIDR" })
        {
            foreach (var (text, i) in Raw.Texts(rule, field).Select(static (t, i) => (t, i)))
            {
                if (Cidr.TryParse(text, out var block))
                {
                    yield return (block, $"{field}[{i}]");
                }
            }

            foreach (var (set, path) in Raw.Items(rule, $"{field}Set"))
            {
                if (Cidr.TryParse(Raw.Text(set, "cidr"), out var block))
                {
                    yield return (block, path);
                }
            }
        }
    }

    private static string? Inside(ClusterEvidence evidence, Cidr block) =>
        evidence.Inputs.Pods.Where(Party.IsManaged).Select(static p => (Name: $"pod {NetworkPolicyInventoryChecks.Name(p)}", Address: p.Status.PodIP))
            .Concat(evidence.Inputs.Nodes.SelectMany(static n => n.Status.Addresses.Select(a => (Name: $"node {n.Metadata.Name}", a.Address))))
            .FirstOrDefault(a => IpValue.TryParse(a.Address, out var address) && block.Contains(address)).Name;

    private static IEnumerable<Pod> Subjects(ClusterEvidence evidence, ManifestObject policy, JsonObject spec)
    {
        var selector = (spec["endpointSelector"] as JsonObject)?["matchLabels"] as JsonObject ?? [];
        return evidence.Inputs.Pods.Where(pod => Party.IsManaged(pod) && (policy.Kind == "CiliumClusterwideNetworkPolicy" || pod.Metadata.Namespace == policy.Namespace())
            && selector.All(l => Bare(l.Key) == NamespaceLabel ? pod.Metadata.Namespace == $"{l.Value}" : pod.Metadata.Labels.GetValueOrDefault(Bare(l.Key)) == $"{l.Value}"));
    }

    /// <summary>A label without the name of its source.</summary>
    private static string Bare(string label) => label.StartsWith("k8s:", StringComparison.Ordinal) || label.StartsWith("any:", StringComparison.Ordinal) ? label[4..] : label;

    private static IEnumerable<(ManifestObject First, ManifestObject Second)> Pairs(List<ManifestObject> maps) => maps.SelectMany((first, i) => maps.Skip(i + 1).Select(second => (first, second)));
}
