using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>AN001 to AN010: the administrator's policies.</summary>
internal static class AdminPolicyChecks
{
    private static readonly string[] Directions = ["ingress", "egress"];

    private static readonly string[] Kinds = [nameof(AdminNetworkPolicy), nameof(BaselineAdminNetworkPolicy), nameof(ClusterNetworkPolicy)];

    public static readonly IReadOnlyList<Check> All =
    [
        new("AN001", Severity.Error, "Two admin policies of one priority are about the same pods: their order is not defined", "Give one of them another priority.", Evidence.AdminPolicies | Evidence.Pods, static e =>
            from pair in Pairs(e.Engine.Policies.Where(static p => p.Model.Tier == PolicyTier.Admin).ToList())
            where pair.First.Model.Priority == pair.Second.Model.Priority
            let both = e.Engine.Matching(pair.First.Model.Subject).Select(static p => p.Name).Intersect(e.Engine.Matching(pair.Second.Model.Subject).Select(static p => p.Name)).FirstOrDefault()
            where both is not null
            select At(e, pair.Second.Model.Reference, "spec.priority", $"{pair.First.Model.Reference.Name} has priority {pair.First.Model.Priority}, too, and both select {both}", "give one of them another priority")),
        new("AN002", Severity.Error, "There is more than one baseline, or it is not named default", "Name it default, and keep one.", Evidence.AdminPolicies, static e =>
            from policy in e.OfKind(nameof(BaselineAdminNetworkPolicy))
            let name = $"{policy.Root["metadata"]?["name"]}"
            where name != BaselineAdminNetworkPolicy.OnlyName
            select Finding.At(policy, "metadata.name", name, "name it default, and keep one", PatchOperation.Set("metadata.name", BaselineAdminNetworkPolicy.OnlyName))),
        new("AN003", Severity.Warning, "A rule stands after a broader one and never decides", "Move it before the broader rule, or remove it.", Evidence.AdminPolicies | Evidence.Pods, static e =>
            from use in e.Uses
            where use.Policy.Kind != nameof(NetworkPolicy) && use.Selects.Length > 0
            from rule in use.Rules
            where rule.IsRedundant && IsShadowed(e, rule.Rule)
            select At(e, use.Policy, $"spec.{rule.Rule.Direction.ToString().ToLowerInvariant()}[{rule.Rule.Index}]", "an earlier rule of the policy matches all that this one does", "move it before the broader rule, or remove it")),
        new("AN004", Severity.Warning, "An admin policy decides what a namespace's policy seems to", "Let the admin policy pass what the namespace should decide.", Evidence.AdminPolicies | Evidence.NetworkPolicies | Evidence.Pods, static e => Overruled(e)),
        new("AN005", Severity.Error, "A named port stands together with networks, nodes or domain names: the API server rejects it", "State the port's number.", Evidence.AdminPolicies, static e =>
            from rule in Rules(e)
            where HasNamedPort(rule.Value) && Peers(rule.Value).Any(static p => p["networks"] is not null || p["nodes"] is not null || p["domainNames"] is not null)
            select Finding.At(rule.Policy, rule.Path, "a named port and peers that are no pods", "state the port's number")),
        new("AN006", Severity.Warning, "A rule that denies every address also denies pods", "Let a rule before it pass or allow what goes to pods.", Evidence.AdminPolicies | Evidence.Pods, static e =>
            from rule in Rules(e)
            where $"{rule.Value["action"]}" == "Deny"
            from network in Peers(rule.Value).SelectMany(static p => (p["networks"] as JsonArray ?? []).Select(static n => $"{n}"))
            where Cidr.TryParse(network, out var block) && block.Prefix == 0
            let pod = e.Inputs.Pods.FirstOrDefault(p => Party.IsManaged(p) && !IsDecidedBefore(e, rule.Policy, rule.Path, p))
            where pod is not null
            select Finding.At(rule.Policy, rule.Path, $"Deny to {network}, pod {NetworkPolicyInventoryChecks.Name(pod)} among them", "let a rule before it pass or allow what goes to pods")),
        new("AN007", Severity.Warning, "Domain names work only in rules that accept", "Deny by networks, or accept the names before a rule that denies the rest.", Evidence.AdminPolicies, static e =>
            from rule in Rules(e)
            where $"{rule.Value["action"]}" is not ("Accept" or "Allow") && Peers(rule.Value).Any(static p => p["domainNames"] is not null)
            select Finding.At(rule.Policy, rule.Path, $"action {rule.Value["action"]} with domainNames", "deny by networks, or accept the names before a rule that denies the rest")),
        new("AN008", Severity.Info, "An old kind is used where its successor is served", "Make it a ClusterNetworkPolicy: tier and priority, Allow becomes Accept, ports become protocols.", Evidence.AdminPolicies, static e =>
            e.Definitions("clusternetworkpolicies.policy.networking.k8s.io").Any() || e.OfKind(nameof(ClusterNetworkPolicy)).Any()
                ? from policy in e.OfKind(nameof(AdminNetworkPolicy)).Concat(e.OfKind(nameof(BaselineAdminNetworkPolicy)))
                  select Finding.At(policy, "apiVersion", policy.ApiVersion, "make it a ClusterNetworkPolicy: tier and priority, Allow becomes Accept, ports become protocols")
                : []),
        new("AN009", Severity.Warning, "No controller reports about the policy: nothing may enforce it", "Install a network plugin that implements the kind.", Evidence.AdminPolicies | Evidence.LiveObjects, static e =>
            from policy in Policies(e)
            where policy.Root["status"]?["conditions"] is not JsonArray { Count: > 0 }
            select Finding.At(policy, "status.conditions", "no condition", "install a network plugin that implements the kind")),
        new("AN010", Severity.Warning, "A subject or peer is about pods on the host network, which are never included", "Use nodes or networks as the peer.", Evidence.AdminPolicies | Evidence.Pods, static e =>
            from selection in Selections(e)
            let pods = e.Inputs.Pods.Where(pod => Matches(e, selection.Value, pod)).ToList()
            where pods.Exists(static p => p.Spec.HostNetwork) && !pods.Exists(static p => !p.Spec.HostNetwork)
            select Finding.At(selection.Policy, selection.Path, $"{NetworkPolicyInventoryChecks.Name(pods[0])} is on the host network", "use nodes or networks as the peer")),
    ];

    private static IEnumerable<ManifestObject> Policies(ClusterEvidence evidence) =>
        evidence.Objects.Where(static o => Kinds.Contains(o.Kind) && o.ApiVersion.StartsWith("policy.networking.k8s.io/", StringComparison.Ordinal));

    private static IEnumerable<(ManifestObject Policy, string Path, JsonObject Value)> Rules(ClusterEvidence evidence) =>
        from policy in Policies(evidence)
        from direction in Directions
        from rule in (policy.Root["spec"]?[direction] as JsonArray ?? []).Select((value, i) => (Value: value as JsonObject, Path: $"spec.{direction}[{i}]"))
        where rule.Value is not null
        select (policy, rule.Path, rule.Value);

    private static IEnumerable<JsonObject> Peers(JsonObject rule) => (rule["from"] as JsonArray ?? rule["to"] as JsonArray ?? []).OfType<JsonObject>();

    private static bool HasNamedPort(JsonObject rule) =>
        (rule["ports"] as JsonArray ?? rule["protocols"] as JsonArray ?? []).OfType<JsonObject>().Any(static p => p["namedPort"] is not null || p["destinationNamedPort"] is not null);

    private static IEnumerable<(CompiledPolicy First, CompiledPolicy Second)> Pairs(List<CompiledPolicy> policies) =>
        policies.SelectMany((first, i) => policies.Skip(i + 1).Select(second => (first, second)));

    private static Finding At(ClusterEvidence evidence, PolicyReference policy, string path, string seen, string fix) =>
        Finding.At(evidence.Objects.First(o => o.Kind == policy.Kind && $"{o.Root["metadata"]?["name"]}" == policy.Name && (policy.Namespace.Length == 0 || $"{o.Root["metadata"]?["namespace"] ?? "default"}" == policy.Namespace)), path, seen, fix);

    /// <summary>Whether an earlier rule of the direction lets through, or leaves to others, whatever goes to a pod.</summary>
    private static bool IsDecidedBefore(ClusterEvidence evidence, ManifestObject policy, string path, Pod pod) => Rules(evidence)
        .Where(r => ReferenceEquals(r.Policy, policy) && r.Path[..r.Path.IndexOf('[', StringComparison.Ordinal)] == path[..path.IndexOf('[', StringComparison.Ordinal)])
        .TakeWhile(r => r.Path != path)
        .Any(r => $"{r.Value["action"]}" != "Deny" && r.Value["ports"] is not JsonArray { Count: > 0 } && r.Value["protocols"] is not JsonArray { Count: > 0 }
            && Peers(r.Value).Any(peer => (peer["pods"] is JsonObject pods && Matches(evidence, pods, pod))
                || (peer["namespaces"] is JsonObject namespaces && Matches(evidence, new JsonObject { ["namespaceSelector"] = namespaces.DeepClone() }, pod))));

    /// <summary>Whether an earlier rule of its policy and direction matches whatever it matches. A rule that matches nobody is another matter.</summary>
    private static bool IsShadowed(ClusterEvidence evidence, RuleReference rule)
    {
        var engine = evidence.Engine;
        var rules = engine.Policies.First(p => p.Model.Reference == rule.Policy).Rules(rule.Direction);
        var own = rules[rule.Index];
        var earlier = rules.Take(rule.Index).Where(r => (r.Rule.Ports.IsEmpty || (own.Named.IsEmpty && engine.PortsOf(own).Members().All(engine.PortsOf(r).Contains)))).ToList();
        bool IsWithin(IpFamily family) => engine.PeersOf(own, family).Members().All(peer => earlier.Exists(r => engine.PeersOf(r, family).Contains(peer)));
        return !(engine.PeersOf(own, IpFamily.V4).IsEmpty && engine.PeersOf(own, IpFamily.V6).IsEmpty) && IsWithin(IpFamily.V4) && IsWithin(IpFamily.V6);
    }

    /// <summary>Policies, or rules of them, that would say something if the admin policies were not there.</summary>
    private static IEnumerable<Finding> Overruled(ClusterEvidence evidence)
    {
        const string Fix = "let the admin policy pass what the namespace should decide (action: Pass)";
        var alone = Redundancy.Find(PolicyEngine.Build(evidence.Sound with { AdminNetworkPolicies = [], BaselineAdminNetworkPolicies = [], ClusterNetworkPolicies = [] })).ToDictionary(static u => u.Policy);
        foreach (var use in evidence.Uses.Where(static u => u.Policy.Kind == nameof(NetworkPolicy) && u.Selects.Length > 0))
        {
            if (use.IsRemovable && !alone[use.Policy].IsRemovable)
            {
                yield return At(evidence, use.Policy, "spec", "removing it would change nothing, because an admin policy decides first", Fix);
                continue;
            }

            foreach (var rule in use.Rules.Zip(alone[use.Policy].Rules).Where(static r => r.First.IsRedundant && !r.Second.IsRedundant).Select(static r => r.First.Rule))
            {
                yield return At(evidence, use.Policy, $"spec.{rule.Direction.ToString().ToLowerInvariant()}[{rule.Index}]", "removing the rule would change nothing, because an admin policy decides first", Fix);
            }
        }
    }

    private static IEnumerable<(ManifestObject Policy, string Path, JsonObject Value)> Selections(ClusterEvidence evidence)
    {
        foreach (var policy in Policies(evidence))
        {
            if (policy.Root["spec"]?["subject"]?["pods"] is JsonObject subject)
            {
                yield return (policy, "spec.subject.pods", subject);
            }
        }

        foreach (var rule in Rules(evidence))
        {
            foreach (var (peer, i) in Peers(rule.Value).Select(static (p, i) => (p, i)))
            {
                if (peer["pods"] is JsonObject pods)
                {
                    yield return (rule.Policy, $"{rule.Path}.{(rule.Value["from"] is null ? "to" : "from")}[{i}].pods", pods);
                }
            }
        }
    }

    private static bool Matches(ClusterEvidence evidence, JsonObject selection, Pod pod)
    {
        var labels = evidence.Inputs.Namespaces.FirstOrDefault(n => n.Metadata.Name == pod.Metadata.Namespace)?.Metadata.Labels ?? new Dictionary<string, string>(StringComparer.Ordinal);
        return Selection.MatchesNamespace(Selector(selection["namespaceSelector"]), pod.Metadata.Namespace, labels) && SelectorMatch.Matches(Selector(selection["podSelector"]), pod.Metadata.Labels);
    }

    private static LabelSelector Selector(JsonNode? node) =>
        System.Text.Json.JsonSerializer.Deserialize<LabelSelector>(node ?? new JsonObject(), Json) ?? LabelSelector.Everything;

    private static readonly System.Text.Json.JsonSerializerOptions Json = new(System.Text.Json.JsonSerializerDefaults.Web);
}
