using System.Globalization;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>IS001 to IS023: Istio (its documentation and the messages of istioctl analyze, whose numbers the problems follow).</summary>
internal static class IstioChecks
{
    private const string RootNamespace = "istio-system";
    private const string SidecarUser = "1337";
    private const int MostEjected = 50;

    private static readonly string[] Protocols = ["http", "http2", "https", "tcp", "tls", "grpc", "grpc-web", "mongo", "mysql", "redis", "udp"];

    private static readonly string[] AnyKind = ["PeerAuthentication", "AuthorizationPolicy", "DestinationRule", "VirtualService", "Sidecar", "Telemetry", "Gateway"];

    private static readonly string[] UnsafeMethods = ["POST", "PATCH"];

    public static readonly IReadOnlyList<Check> All =
    [
        new("IS001", Severity.Error, "An AuthorizationPolicy denies or allows everything by what it leaves out", "Say it: name it deny-all or allow-all, or state rules.", Evidence.None, static e =>
            from policy in Authorizations(e)
            where policy.Text("spec.action") is "" or "ALLOW"
            let rules = policy.Items("spec.rules").ToList()
            let name = policy.Name()
            let seen = rules.Count == 0 ? name.Contains("deny", StringComparison.Ordinal) || name.Contains("nothing", StringComparison.Ordinal) ? null : "ALLOW without rules: everything is denied"
                : rules.Exists(static r => r.Value.Count == 0) && !name.Contains("allow-all", StringComparison.Ordinal) ? "a rule {}: everything is allowed" : null
            where seen is not null
            select Finding.At(policy, "spec.rules", seen, "")) { Kinds = ["AuthorizationPolicy"] },
        new("IS002", Severity.Error, "Callers are named by identity where their connections need not be mutual TLS", "Set a PeerAuthentication of mode STRICT there.", Evidence.None, static e =>
            from policy in Authorizations(e)
            let mode = Mode(e, policy.Namespace(), Labels(policy))
            where mode is "PERMISSIVE" or "DISABLE"
            from rule in policy.Items("spec.rules")
            where Raw.Items(rule.Value, "from").Any(static f => new[] { "principals", "notPrincipals", "namespaces", "notNamespaces", "serviceAccounts" }.Any(k => Raw.At(f.Value, $"source.{k}") is JsonArray { Count: > 0 }))
            select Finding.At(policy, $"{rule.Path}.from", $"the PeerAuthentication is {mode}: the identity is empty over plain text", "")) { Kinds = ["PeerAuthentication"] },
        new("IS003", Severity.Error, "A DestinationRule sends plain or one-sided TLS to a workload that takes mutual TLS only", "Set tls.mode: ISTIO_MUTUAL.", Evidence.None, static e =>
            from rule in Rules(e)
            from traffic in Policies(rule)
            let mode = Raw.Text(traffic.Value, "tls.mode")
            where mode is "DISABLE" or "SIMPLE"
            let host = Host(rule.Text("spec.host"), rule.Namespace())
            where host is not null && Mode(e, host.Value.Namespace, Behind(e, host.Value)) == "STRICT"
            select Finding.At(rule, $"{traffic.Path}.tls.mode", $"{mode}, and {rule.Text("spec.host")} is STRICT", "", PatchOperation.Set($"{traffic.Path}.tls.mode", "ISTIO_MUTUAL"))) { Kinds = ["DestinationRule"], Lacks = NeedsPeerAuthentication },
        new("IS004", Severity.Warning, "Mutual TLS is required where callers without a sidecar were seen", "Set PERMISSIVE until they have one.", Evidence.Pods | Evidence.Flows, static e =>
            from flow in e.Flows!.Value
            where flow.Source.Pod.Length > 0 && flow.Destination.Pod.Length > 0
            let source = PodNamed(e, flow.Source.Pod)
            let destination = PodNamed(e, flow.Destination.Pod)
            where source is not null && destination is not null && !IsMeshed(e, source) && IsMeshed(e, destination) && Mode(e, destination.Namespace(), LabelsOf(destination)) == "STRICT"
            group flow by (flow.Source.Pod, Destination: flow.Destination.Pod) into calls
            let authentication = Strictest(e, PodNamed(e, calls.Key.Destination)!.Namespace())
            where authentication is not null
            select Finding.At(authentication, "spec.mtls.mode", $"{calls.Key.Pod} has no sidecar and calls {calls.Key.Destination}", "")) { Kinds = ["PeerAuthentication"] },
        new("IS005", Severity.Warning, "A mode for a port is ignored without a selector, or is of a port that no pod has", "Add the selector, and state the pods' port.", Evidence.None, static e =>
            from policy in Authentications(e)
            let ports = (policy.At("spec.portLevelMtls") as JsonObject ?? []).Select(static p => p.Key).ToList()
            where ports.Count > 0
            let labels = Labels(policy)
            let pods = labels is null ? [] : Pods(e).Where(p => p.Namespace() == policy.Namespace() && Has(LabelsOf(p), labels)).ToList()
            let declared = pods.SelectMany(static p => Containers(p).SelectMany(static c => Raw.Items(c.Value, "ports")).Select(static port => Raw.Text(port.Value, "containerPort"))).ToHashSet(StringComparer.Ordinal)
            let seen = labels is null ? "portLevelMtls without a selector" : declared.Count > 0 && ports.Find(p => !declared.Contains(p)) is { } port ? $"no pod declares port {port}" : null
            where seen is not null
            select Finding.At(policy, "spec.portLevelMtls", seen, "")) { Kinds = ["PeerAuthentication"] },
        new("IS006", Severity.Error, "Two PeerAuthentications are about one whole namespace or the whole mesh", "Keep the oldest.", Evidence.None, static e => Several(Authentications(e), "")) { Kinds = ["PeerAuthentication"] },
        new("IS007", Severity.Warning, "The policy selects no workload", "Correct the labels.", Evidence.Pods, static e =>
            from policy in Authorizations(e).Concat(Authentications(e)).Concat(e.OfKind("RequestAuthentication"))
            let labels = Labels(policy)
            where labels is not null && !Pods(e).Any(p => (policy.Namespace() == RootNamespace || p.Namespace() == policy.Namespace()) && Has(LabelsOf(p), labels))
            select Finding.At(policy, "spec.selector", $"no pod of {policy.Namespace()} has {string.Join(", ", labels.Select(static l => $"{l.Key}: {l.Value}"))}", "")) { Kinds = ["AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"] },
        new("IS008", Severity.Error, "A host, subset, gateway or secret that is named is not there", "Correct the name, or add what it names.", Evidence.Services, static e => IstioReferences.Find(e)) { Kinds = ["VirtualService", "Gateway"] },
        new("IS009", Severity.Warning, "The host of a DestinationRule is not known where it stands", "State the full name, as reviews.shop.svc.cluster.local.", Evidence.Services, static e =>
            from rule in Rules(e)
            where IstioReferences.IsUnknown(e, rule.Text("spec.host"), rule.Namespace())
            let elsewhere = e.Services.FirstOrDefault(s => s.Value.Metadata.Name == rule.Text("spec.host"))
            select Finding.At(rule, "spec.host", elsewhere is null ? $"there is no Service {rule.Text("spec.host")}" : $"{rule.Text("spec.host")} is in {elsewhere.Value.Metadata.Namespace}, the rule in {rule.Namespace()}", "")) { Kinds = ["DestinationRule"] },
        new("IS010", Severity.Error, "The connection pool is too small: requests are answered with 503 (UO)", "Raise maxConnections and http1MaxPendingRequests above what was seen.", Evidence.None, static e =>
            (from rule in Rules(e)
             from traffic in Policies(rule)
             from field in new[] { "connectionPool.tcp.maxConnections", "connectionPool.http.http1MaxPendingRequests", "connectionPool.http.http2MaxRequests" }
             where Raw.Number(traffic.Value, field) == 1
             select Finding.At(rule, $"{traffic.Path}.{field}", $"{field[(field.LastIndexOf('.') + 1)..]}: 1", ""))
            .Concat(from reading in e.Metric("envoy_cluster_upstream_rq_pending_overflow")
                    where reading.Value > 0
                    from rule in Rules(e)
                    where Policies(rule).Any(static p => Raw.At(p.Value, "connectionPool") is not null) && reading.Labels.GetValueOrDefault("cluster_name")?.Contains(rule.Text("spec.host").Split('.')[0], StringComparison.Ordinal) == true
                    select Finding.At(rule, "spec.trafficPolicy.connectionPool", $"{reading.Value} requests to {reading.Labels["cluster_name"]} found no room", "")))
            { Kinds = ["DestinationRule"], Lacks = static e => e.Metrics is null && Rules(e).Any(static r => Policies(r).Any(static p => Raw.At(p.Value, "connectionPool") is not null)) && !Rules(e).Any(static r => r.Root.ToJsonString().Contains(":1}", StringComparison.Ordinal)) ? "metrics of Envoy (--metrics)" : null },
        new("IS011", Severity.Warning, "Outlier detection may eject every endpoint", "Set maxEjectionPercent to 50 at most, and minHealthPercent.", Evidence.None, static e =>
            from rule in Rules(e)
            from traffic in Policies(rule)
            where Raw.At(traffic.Value, "outlierDetection") is JsonObject
            let most = Raw.Number(traffic.Value, "outlierDetection.maxEjectionPercent")
            let host = Host(rule.Text("spec.host"), rule.Namespace())
            let pods = host is null ? [] : Selected(e, host.Value).ToList()
            let seen = most > MostEjected ? $"maxEjectionPercent: {most}" : pods.Count is 1 or 2 && pods.TrueForAll(static p => p.Kind == "Pod") && most > 0 ? $"{pods.Count} endpoints" : null
            where seen is not null && Raw.Number(traffic.Value, "outlierDetection.minHealthPercent") is null or 0
            select Finding.At(rule, $"{traffic.Path}.outlierDetection", seen, "", PatchOperation.Set($"{traffic.Path}.outlierDetection.maxEjectionPercent", MostEjected))) { Kinds = ["DestinationRule"] },
        new("IS012", Severity.Warning, "Fail-over between places has no effect without outlier detection, or outlier detection stands without a connection pool", "Add what is missing.", Evidence.None, static e =>
            from rule in Rules(e)
            from traffic in Policies(rule)
            let detects = Raw.At(traffic.Value, "outlierDetection") is not null
            let seen = Raw.At(traffic.Value, "loadBalancer.localityLbSetting") is not null && !detects ? "localityLbSetting without outlierDetection"
                : detects && Raw.At(traffic.Value, "connectionPool") is null ? "outlierDetection without connectionPool" : null
            where seen is not null
            select Finding.At(rule, traffic.Path, seen, "")) { Kinds = ["DestinationRule"] },
        new("IS013", Severity.Warning, "Retries take longer than the time-out, or repeat what must not be done twice", "Set perTryTimeout so that all tries fit, and attempts: 0 for POST and PATCH.", Evidence.None, static e =>
            from service in e.OfKind("VirtualService")
            from route in service.Items("spec.http")
            let attempts = Raw.Number(route.Value, "retries.attempts") ?? 0
            where attempts > 0
            let each = Seconds(Raw.Text(route.Value, "retries.perTryTimeout"))
            let all = Seconds(Raw.Text(route.Value, "timeout"))
            let method = Raw.Items(route.Value, "match").Select(static m => Raw.Text(m.Value, "method.exact")).FirstOrDefault(UnsafeMethods.Contains)
            let seen = each * (attempts + 1) > all ? $"{attempts} retries of {each} s each, timeout {all} s" : method is not null ? $"{attempts} retries of {method}" : null
            where seen is not null
            select Finding.At(service, $"{route.Path}.retries", seen, "")) { Kinds = ["VirtualService"] },
        new("IS014", Severity.Warning, "A route is never reached", "Put the more special route first, or remove the copy.", Evidence.None, static e =>
            from service in e.OfKind("VirtualService")
            from protocol in new[] { "spec.http", "spec.tls", "spec.tcp" }
            let routes = service.Items(protocol).ToList()
            from at in Enumerable.Range(0, routes.Count)
            from match in Matches(routes[at].Value)
            where routes.Take(at).Any(before => Matches(before.Value).Any(m => m is null || JsonNode.DeepEquals(m, match)))
            select Finding.At(service, routes[at].Path, "a route before it matches the same", "")) { Kinds = ["VirtualService"] },
        new("IS015", Severity.Warning, "A Service's port does not say its protocol: it is guessed, or taken as plain TCP", "Name it http-… or the like, or set appProtocol.", Evidence.Services, static e =>
            from service in e.OfKind("Service")
            where !service.Namespace().StartsWith("kube-", StringComparison.Ordinal) && service.Namespace() != RootNamespace
            from port in service.Items("spec.ports")
            where Raw.Text(port.Value, "protocol") is "" or "TCP" && Raw.Text(port.Value, "appProtocol").Length == 0
            let name = Raw.Text(port.Value, "name")
            where !Protocols.Any(p => name == p || name.StartsWith($"{p}-", StringComparison.Ordinal))
            select Finding.At(service, port.Path, $"port {Raw.Text(port.Value, "port")}, name {(name.Length == 0 ? "absent" : name)}", "")) { Kinds = [.. AnyKind] },
        new("IS016", Severity.Error, "A process behind a Service listens on loopback only", "Let it listen on 0.0.0.0 or ::.", Evidence.Services | Evidence.Pods, static e =>
            from listener in e.NodeStates.Where(static n => !n.LoopbackListeners.IsDefault).SelectMany(static n => n.LoopbackListeners)
            from pod in e.Inputs.Pods
            where pod.Metadata.Uid == listener.PodUid && !pod.Spec.HostNetwork
            from service in e.Services
            where Selection.IsBehind(pod, service.Value) && service.Value.Spec.Ports.Any(p => NetworkPolicyInventoryChecks.Target(p, pod) == listener.Port)
            select Finding.Of($"Pod {NetworkPolicyInventoryChecks.Name(pod)}", $"port {listener.Port} of Service {service.Value.Metadata.Name} is open on loopback only", "")) { Lacks = static e => e.NodeStates.All(static n => n.LoopbackListeners.IsDefault) ? "the listening sockets of a node's pods (--node this, or a host's root with its /proc)" : null },
        new("IS017", Severity.Warning, "A container runs as the sidecar's user, so that its traffic is not captured", "Use another user than 1337.", Evidence.Pods, static e =>
            from pod in Pods(e)
            from container in Containers(pod)
            where Raw.Text(container.Value, "name") is not ("istio-proxy" or "istio-init")
                && (Raw.Text(container.Value, "securityContext.runAsUser") is { Length: > 0 } own ? own : Raw.Text(Spec(pod), "securityContext.runAsUser")) == SidecarUser
            select Finding.At(pod, container.Path, $"{Raw.Text(container.Value, "name")} runs as {SidecarUser}", "")) { Kinds = [.. AnyKind] },
        new("IS018", Severity.Warning, "Two Services take one port of the same pods for different protocols", "Let one Service offer the port, or give both the same protocol.", Evidence.Services | Evidence.Pods, static e =>
            from first in e.Services
            from second in e.Services
            where string.CompareOrdinal(first.Value.Metadata.Name, second.Value.Metadata.Name) < 0 && first.Value.Metadata.Namespace == second.Value.Metadata.Namespace
            let pod = e.Inputs.Pods.FirstOrDefault(p => Selection.IsBehind(p, first.Value) && Selection.IsBehind(p, second.Value))
            where pod is not null
            from a in first.Source.Items("spec.ports")
            from b in second.Source.Items("spec.ports")
            where Target(a.Value) == Target(b.Value) && Protocol(a.Value) != Protocol(b.Value)
            select Finding.At(second.Source, b.Path, $"{Protocol(b.Value)}, and {Protocol(a.Value)} in Service {first.Value.Metadata.Name}", "")) { Kinds = [.. AnyKind] },
        new("IS019", Severity.Warning, "Several Sidecars or Telemetries are about the same workloads", "Keep one for each namespace or selector.", Evidence.None, static e =>
            Several(e.OfKind("Sidecar"), "workloadSelector").Concat(Several(e.OfKind("Telemetry"), "selector"))) { Kinds = ["Sidecar", "Telemetry"] },
        new("IS020", Severity.Warning, "Pods of a namespace that the mesh is told about have no proxy, or another version of it", "Label the namespace istio-injection=enabled and restart its pods.", Evidence.Pods, static e => Injection(e)) { Kinds = [.. AnyKind] },
        new("IS021", Severity.Error, "A NetworkPolicy blocks the mesh's own ports", "Allow 15012 to istiod, 15020 and 15090 from Prometheus, and 15008 to pods in ambient mode.", Evidence.NetworkPolicies | Evidence.Pods, static e => IstioReach.Find(e)),
        new("IS022", Severity.Warning, "A policy about HTTP is enforced by ztunnel, which turns such rules into a denial", "Target a waypoint with targetRefs.", Evidence.None, static e =>
            from policy in Authorizations(e)
            where policy.At("spec.targetRefs") is null && policy.At("spec.targetRef") is null && IsAmbient(e, policy.Namespace())
            from rule in policy.Items("spec.rules")
            where Raw.Items(rule.Value, "to").Any(static t => new[] { "methods", "notMethods", "paths", "notPaths", "hosts", "notHosts" }.Any(k => Raw.At(t.Value, $"operation.{k}") is not null))
                || Raw.Items(rule.Value, "when").Any(static w => Raw.Text(w.Value, "key").StartsWith("request.", StringComparison.Ordinal))
            select Finding.At(policy, rule.Path, $"{policy.Namespace()} is ambient, and the rule is about HTTP", "")) { Kinds = ["AuthorizationPolicy"] },
        new("IS023", Severity.Info, "The policy only says what it would do", "Remove the annotation istio.io/dry-run.", Evidence.None, static e =>
            from policy in Authorizations(e)
            where (policy.At("metadata.annotations") as JsonObject)?["istio.io/dry-run"]?.ToString() == "true"
            select Finding.At(policy, "metadata.annotations", "istio.io/dry-run: true", "", PatchOperation.Remove("metadata.annotations.istio~1io/dry-run"))) { Kinds = ["AuthorizationPolicy"] },
    ];

    internal static IEnumerable<ManifestObject> Rules(ClusterEvidence evidence) => evidence.OfKind("DestinationRule");

    /// <summary>Pods, and workloads that stand for theirs.</summary>
    internal static IEnumerable<ManifestObject> Pods(ClusterEvidence evidence) =>
        evidence.Objects.Where(static o => o.Kind is "Pod" or "Deployment" or "StatefulSet" or "DaemonSet" or "ReplicaSet" or "Job");

    internal static JsonObject LabelsOf(ManifestObject pod) => pod.At(pod.Kind == "Pod" ? "metadata.labels" : "spec.template.metadata.labels") as JsonObject ?? [];

    /// <summary>With a sidecar, or in a namespace in ambient mode.</summary>
    internal static bool IsMeshed(ClusterEvidence evidence, ManifestObject pod) =>
        HasSidecar(pod) || IsAmbient(evidence, pod.Namespace()) || (pod.Kind != "Pod" && IsInjected(evidence, pod.Namespace()));

    internal static bool HasSidecar(ManifestObject pod) => Containers(pod).Any(static c => Raw.Text(c.Value, "name") == "istio-proxy");

    internal static bool IsAmbient(ClusterEvidence evidence, string @namespace) =>
        evidence.OfKind("Namespace").Any(n => n.Name() == @namespace && $"{(n.At("metadata.labels") as JsonObject)?["istio.io/dataplane-mode"]}" == "ambient");

    /// <summary>Name and namespace of a host of the cluster; null for one outside of it.</summary>
    internal static (string Name, string Namespace)? Host(string host, string @namespace) => host.Split('.') switch
    {
        [""] => null,
        [var name] when name != "*" => (name, @namespace),
        [var name, var space, "svc", ..] when name != "*" => (name, space),
        _ => null,
    };

    private static bool IsInjected(ClusterEvidence evidence, string @namespace) => evidence.OfKind("Namespace").Any(n => n.Name() == @namespace
        && n.At("metadata.labels") is JsonObject labels && ($"{labels["istio-injection"]}" == "enabled" || labels["istio.io/rev"] is not null));

    private static string? NeedsPeerAuthentication(ClusterEvidence evidence) => Authentications(evidence).Any() ? null : "PeerAuthentication";

    private static IEnumerable<ManifestObject> Authorizations(ClusterEvidence evidence) => evidence.OfKind("AuthorizationPolicy").Where(static p => p.Group() == "security.istio.io");

    private static IEnumerable<ManifestObject> Authentications(ClusterEvidence evidence) => evidence.OfKind("PeerAuthentication");

    /// <summary>What the policy selects by; null for the whole namespace.</summary>
    private static JsonObject? Labels(ManifestObject policy) => policy.At("spec.selector.matchLabels") as JsonObject is { Count: > 0 } labels ? labels : null;

    private static bool Has(JsonObject labels, JsonObject wanted) => wanted.All(l => labels[l.Key]?.ToString() == l.Value?.ToString());

    private static ManifestObject? PodNamed(ClusterEvidence evidence, string name) => Pods(evidence).FirstOrDefault(p => $"{p.Namespace()}/{p.Name()}" == name);

    private static JsonNode? Spec(ManifestObject pod) => pod.At(pod.Kind == "Pod" ? "spec" : "spec.template.spec");

    private static IEnumerable<(JsonObject Value, string Path)> Containers(ManifestObject pod)
    {
        var root = pod.Kind == "Pod" ? "spec" : "spec.template.spec";
        return pod.Items($"{root}.containers").Concat(pod.Items($"{root}.initContainers"));
    }

    /// <summary>The traffic policy of the rule, of its subsets and of single ports.</summary>
    private static IEnumerable<(JsonObject Value, string Path)> Policies(ManifestObject rule)
    {
        var whole = new[] { (Node: rule.At("spec.trafficPolicy") as JsonObject, Path: "spec.trafficPolicy") }
            .Concat(rule.Items("spec.subsets").Select(static s => (Node: s.Value["trafficPolicy"] as JsonObject, Path: $"{s.Path}.trafficPolicy")));
        foreach (var (policy, path) in whole)
        {
            if (policy is not null)
            {
                yield return (policy, path);
                foreach (var port in Raw.Items(policy, "portLevelSettings"))
                {
                    yield return (port.Value, $"{path}.{port.Path}");
                }
            }
        }
    }

    /// <summary>The mode that holds for a workload: its own, else the namespace's, else the mesh's; null when none is stated.</summary>
    private static string? Mode(ClusterEvidence evidence, string @namespace, JsonObject? labels)
    {
        var all = Authentications(evidence).ToList();
        var order = new[]
        {
            all.Find(a => a.Namespace() == @namespace && Labels(a) is { } wanted && labels is not null && Has(labels, wanted)),
            all.Find(a => a.Namespace() == @namespace && Labels(a) is null),
            all.Find(static a => a.Namespace() == RootNamespace && Labels(a) is null),
        };
        return order.Select(static a => a?.Text("spec.mtls.mode")).FirstOrDefault(static mode => mode is "STRICT" or "PERMISSIVE" or "DISABLE");
    }

    private static ManifestObject? Strictest(ClusterEvidence evidence, string @namespace) =>
        Authentications(evidence).Where(a => a.Text("spec.mtls.mode") == "STRICT").FirstOrDefault(a => a.Namespace() == @namespace || a.Namespace() == RootNamespace);

    private static IEnumerable<ManifestObject> Selected(ClusterEvidence evidence, (string Name, string Namespace) host)
    {
        var service = evidence.OfKind("Service").FirstOrDefault(s => s.Name() == host.Name && s.Namespace() == host.Namespace);
        return service?.At("spec.selector") is JsonObject { Count: > 0 } selector ? Pods(evidence).Where(p => p.Namespace() == host.Namespace && Has(LabelsOf(p), selector)) : [];
    }

    private static JsonObject? Behind(ClusterEvidence evidence, (string Name, string Namespace) host) => Selected(evidence, host).Select(LabelsOf).FirstOrDefault();

    private static IEnumerable<Finding> Several(IEnumerable<ManifestObject> objects, string selector) =>
        from same in objects.GroupBy(o => $"{o.Namespace()} {(selector.Length == 0 ? Labels(o) : o.At($"spec.{selector}") as JsonObject is { Count: > 0 } stated ? stated : null)?.ToJsonString()}", StringComparer.Ordinal)
        where same.Count() > 1 && (selector.Length > 0 || Labels(same.First()) is null)
        select Finding.At(same.Last(), "spec", $"{same.Count()} {same.First().Kind}s of {same.First().Namespace()} select the same", "");

    /// <summary>Null for a route that takes everything.</summary>
    private static IEnumerable<JsonObject?> Matches(JsonObject route) =>
        Raw.Items(route, "match").ToList() is { Count: > 0 } stated ? stated.Select(static m => m.Value.Any(static f => f.Key != "name") ? Unnamed(m.Value) : null) : [null];

    private static JsonObject Unnamed(JsonObject match)
    {
        var copy = (JsonObject)match.DeepClone();
        copy.Remove("name");
        return copy;
    }

    private static double? Seconds(string duration)
    {
        var unit = duration.EndsWith("ms", StringComparison.Ordinal) ? (Text: "ms", Seconds: 0.001) : duration.EndsWith('s') ? ("s", 1) : duration.EndsWith('m') ? ("m", 60) : ("h", 3600);
        return double.TryParse(duration.Replace(unit.Text, "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number * unit.Seconds : null;
    }

    private static string Target(JsonObject port) => Raw.Text(port, "targetPort") is { Length: > 0 } stated ? stated : Raw.Text(port, "port");

    private static string Protocol(JsonObject port) =>
        Raw.Text(port, "appProtocol") is { Length: > 0 } stated ? stated
        : Protocols.OrderByDescending(static p => p.Length).FirstOrDefault(p => Raw.Text(port, "name") == p || Raw.Text(port, "name").StartsWith($"{p}-", StringComparison.Ordinal)) ?? Raw.Text(port, "protocol") switch { "" => "TCP", var other => other };

    private static IEnumerable<Finding> Injection(ClusterEvidence evidence)
    {
        var meshed = evidence.Objects.Where(static o => o.Kind is "AuthorizationPolicy" or "PeerAuthentication" or "VirtualService" or "DestinationRule").Select(static o => o.Namespace()).Where(static n => n != RootNamespace).ToHashSet(StringComparer.Ordinal);
        foreach (var alike in Pods(evidence).Where(p => meshed.Contains(p.Namespace()) && !IsMeshed(evidence, p) && !Raw.IsTrue(Spec(p), "hostNetwork")).GroupBy(static p => p.Namespace(), StringComparer.Ordinal))
        {
            yield return Finding.Of($"Namespace {alike.Key}", $"{ClusterEvidence.NameOf(alike.First())} has no proxy", "");
        }

        var versions = from pod in Pods(evidence)
                       from container in Containers(pod)
                       let image = Raw.Text(container.Value, "image")
                       where Raw.Text(container.Value, "name") == "istio-proxy" && image.LastIndexOf(':') > image.LastIndexOf('/')
                       group pod by image[(image.LastIndexOf(':') + 1)..];
        var all = versions.ToList();
        if (all.Count > 1)
        {
            yield return Finding.Of("Mesh", string.Join(", ", all.Select(static v => $"{v.Key}: {v.Count()} pods")), "");
        }
    }
}
