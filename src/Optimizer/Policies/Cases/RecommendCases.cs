using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Recommendation;
using NetPulse.Optimizer.Policies.Validation;

namespace NetPulse.Optimizer.Policies.Cases;

/// <summary>The set <c>recommend</c>: the recommended policies are put in force beside those that there are, and asked.</summary>
internal static class RecommendCases
{
    public static (IReadOnlyList<string> Wrong, JsonArray Answers) Run(string file, JsonObject root)
    {
        var cluster = CaseCluster.Read(file, root, policiesField: "existingPolicies");
        var inputs = new RecommendationInputs(cluster, [.. Items(root["services"]).Select(Service)], Owners(root), Items(root["flows"]).Select(FlowFile.Parse));
        var recommendation = PolicyRecommendation.Of(inputs, Options(root["options"]));
        List<NetworkPolicy> policies = [.. recommendation.Policies];
        List<JsonObject> manifests = [.. policies.Select(PolicyManifest.Of)];
        var expected = root["expected"]!.AsObject();
        var wrong = new List<string>();
        wrong.AddRange(policies.SelectMany(p => NetworkPolicyValidation.Of(p).Select(fault => $"{p.Metadata.Name}: {fault.Field}: {fault.Problem}")));
        wrong.AddRange(recommendation.Replay.Broken.Select(static b => $"the replay breaks {b}"));

        var engine = PolicyEngine.Build(cluster with { NetworkPolicies = [.. cluster.NetworkPolicies, .. policies] });
        foreach (var (field, isAllowed) in new[] { ("mustAllow", true), ("mustDeny", false) })
        {
            foreach (var stated in Items(expected[field]))
            {
                var probe = stated.Deserialize<Probe>(CaseCluster.Json)!;
                var verdict = probe.Ask(engine);
                if (verdict.IsAllowed != isAllowed)
                {
                    wrong.Add($"{probe}: {field}, but {verdict}");
                }
            }
        }

        wrong.AddRange(Faults(expected, policies, recommendation, cluster));
        wrong.AddRange(Unreviewed(expected["mustReview"], recommendation, WorkloadGroups.Of(inputs)).Select(static w => $"{w} is not marked for review"));
        return (wrong, [new JsonObject
        {
            ["policies"] = new JsonArray([.. manifests]),
            ["flags"] = new JsonArray([.. recommendation.Flags.Select(static f => new JsonObject { ["code"] = f.Code, ["subject"] = f.Subject, ["message"] = f.Message, ["review"] = f.NeedsReview })]),
            ["confidence"] = recommendation.Coverage.Confidence.ToString().ToLowerInvariant(),
            ["deniedBefore"] = recommendation.Replay.DeniedBefore,
            ["deniedAfter"] = recommendation.Replay.DeniedAfter,
        }]);
    }

    /// <summary>Everything that a case expects of the policies' form.</summary>
    private static IEnumerable<string> Faults(JsonObject expected, List<NetworkPolicy> policies, PolicyRecommendation recommendation, PolicyInputs cluster)
    {
        var peers = policies.SelectMany(static p => p.Spec.Ingress.SelectMany(static r => r.From).Concat(p.Spec.Egress.SelectMany(static r => r.To))).ToList();
        var selectors = policies.Select(static p => p.Spec.PodSelector).Concat(peers.SelectMany(static p => new[] { p.PodSelector, p.NamespaceSelector }).OfType<LabelSelector>()).ToList();
        var used = selectors.SelectMany(static s => s.MatchLabels.Keys.Concat(s.MatchExpressions.Select(static e => e.Key))).ToHashSet(StringComparer.Ordinal);
        foreach (var key in Texts(expected["forbiddenLabelKeys"]).Where(used.Contains))
        {
            yield return $"a selector uses the label {key}";
        }

        if (expected["neverEmptyPodSelectorForAllow"]?.GetValue<bool>() == true)
        {
            foreach (var policy in policies.Where(static p => p.Spec.PodSelector is { MatchLabels.Count: 0, MatchExpressions.Count: 0 } && p.Spec.Ingress.Count + p.Spec.Egress.Count > 0))
            {
                yield return $"{policy.Metadata.Name} selects every pod of its namespace and allows something";
            }

            if (peers.Exists(static p => p.PodSelector is { MatchLabels.Count: 0, MatchExpressions.Count: 0 }))
            {
                yield return "a peer is every pod of a namespace";
            }
        }

        var blocks = peers.Where(static p => p.IpBlock is not null).Select(static p => p.IpBlock!.Cidr).Distinct(StringComparer.Ordinal).ToList();
        foreach (var block in Texts(expected["forbiddenCidrs"]).Where(blocks.Contains))
        {
            yield return $"{block} is allowed";
        }

        if (expected["minPrefix"]?.GetValue<int>() is { } shortest)
        {
            foreach (var block in blocks.Where(b => Cidr.TryParse(b, out var cidr) && cidr.Family == IpFamily.V4 && cidr.Prefix < shortest))
            {
                yield return $"{block} is wider than /{shortest}";
            }
        }

        if (expected["maxCidrs"]?.GetValue<int>() is { } most && blocks.Count > most)
        {
            yield return $"{blocks.Count} blocks, at most {most} are expected";
        }

        if (expected["maxPolicies"]?.GetValue<int>() is { } fewest && policies.Count > fewest)
        {
            yield return $"{policies.Count} policies, at most {fewest} are expected";
        }

        var ports = policies.SelectMany(static p => p.Spec.Ingress.SelectMany(static r => r.Ports).Concat(p.Spec.Egress.SelectMany(static r => r.Ports))).ToList();
        foreach (var port in Items(expected["forbiddenPorts"]).Select(static p => p.GetValue<int>()).Where(port => ports.Exists(p => p.Port?.Number <= port && port <= (p.EndPort ?? p.Port?.Number))))
        {
            yield return $"port {port} is stated";
        }

        var flags = recommendation.Flags.Select(static f => Letters(f.Code)).ToHashSet(StringComparer.Ordinal);
        foreach (var flag in Texts(expected["mustFlag"]).Where(flag => !flags.Contains(Letters(flag))))
        {
            yield return $"{flag} is not flagged";
        }

        foreach (var name in Texts(expected["noDuplicateOf"]))
        {
            var stated = cluster.NetworkPolicies.FirstOrDefault(p => $"{p.Metadata.Namespace}/{p.Metadata.Name}" == name);
            var copies = policies.Where(p => stated is not null && p.Metadata.Namespace == stated.Metadata.Namespace
                && p.Spec.Ingress.Any(rule => stated.Spec.Ingress.Any(same => IsSame(rule.From, same.From) && IsSame(rule.Ports, same.Ports))));
            foreach (var copy in copies)
            {
                yield return $"{copy.Metadata.Name} repeats a rule of {name}";
            }
        }
    }

    /// <summary>What a case wants a person to look at: <c>true</c> for anything at all, a flag's code or subject, or a connection.</summary>
    private static IEnumerable<string> Unreviewed(JsonNode? wanted, PolicyRecommendation recommendation, WorkloadGroups groups)
    {
        var flags = recommendation.Flags.Where(static f => f.NeedsReview).ToList();
        if (wanted is JsonValue value && value.TryGetValue<bool>(out var isWanted))
        {
            return isWanted && flags.Count == 0 ? ["the recommendation"] : [];
        }

        return (wanted is JsonArray ? Items(wanted) : wanted is null ? [] : [wanted]).Where(item => !flags.Exists(flag => Says(flag, item))).Select(static item => item.ToJsonString());

        bool Says(RecommendationFlag flag, JsonNode item) => item is JsonObject connection
            ? connection.Where(static f => f.Key is "from" or "fromIp" or "to" or "ip" or "port").All(f => IsOf(flag, f.Value!.ToString()))
            : Letters(flag.Code) == Letters(item.ToString()) || IsOf(flag, item.ToString());

        bool IsOf(RecommendationFlag flag, string what) => Names($"{flag.Subject} {flag.Message}", what);

        // A flag names a pod's workload where it can.
        bool Names(string said, string what) => said.Contains(what, StringComparison.Ordinal) || (groups.Of(what) is { } group && said.Contains(group.ToString(), StringComparison.Ordinal));
    }

    /// <summary>Whether a case writes host-network or hostNetwork is all the same.</summary>
    private static string Letters(string code) => string.Concat(code.Where(char.IsAsciiLetter)).ToLowerInvariant();

    private static bool IsSame<T>(T first, T second) => JsonSerializer.Serialize(first, CaseCluster.Json) == JsonSerializer.Serialize(second, CaseCluster.Json);

    private static RecommendationOptions Options(JsonNode? options) => new()
    {
        Namespaces = [.. Texts(options?["namespaces"])],
        DefaultDeny = options?["defaultDeny"]?.GetValue<bool>() ?? true,
    };

    private static Dictionary<string, string> Owners(JsonObject root) => Items(root["pods"])
        .Where(static p => p["owner"] is not null)
        .ToDictionary(static p => $"{p["ns"]}/{p["name"]}", static p => p["owner"]!.GetValue<string>(), StringComparer.Ordinal);

    private static Service Service(JsonNode service) => new()
    {
        Metadata = new ObjectMeta { Namespace = $"{service["ns"]}", Name = $"{service["name"]}" },
        Spec = new ServiceSpec
        {
            Type = (service["type"] ?? "ClusterIP").ToString(),
            ClusterIP = $"{service["clusterIP"] ?? service["ip"]}",
            Selector = (service["selector"] as JsonObject ?? []).ToDictionary(static l => l.Key, static l => $"{l.Value}", StringComparer.Ordinal),
            Ports = [.. Items(service["ports"]).Select(static p => new ServicePort
            {
                Name = $"{p["name"]}",
                Protocol = (p["proto"] ?? p["protocol"] ?? "TCP").ToString(),
                Port = p["port"]!.GetValue<int>(),
                TargetPort = p["targetPort"] switch
                {
                    JsonValue value when value.TryGetValue<int>(out var number) => (IntOrString?)number,
                    JsonValue value => value.ToString(),
                    _ => null,
                },
                NodePort = p["nodePort"]?.GetValue<int>() ?? 0,
            })],
        },
    };

    private static IEnumerable<JsonNode> Items(JsonNode? list) => (list as JsonArray ?? []).OfType<JsonNode>();

    private static IEnumerable<string> Texts(JsonNode? list) => Items(list).Select(static t => t.ToString());
}
