using System.Text.Json;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Recommendation;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>NP001 to NP023: what a network policy says by itself.</summary>
internal static class NetworkPolicyTextChecks
{
    private const int ManyRules = 10;

    private static readonly string[] OldBooleans = ["y", "n", "yes", "no", "on", "off", "true", "false"];

    public static readonly IReadOnlyList<Check> All =
    [
        new("NP001", Severity.Error, "A peer is empty: the API server rejects it", "State podSelector: {} for every pod of the namespace, or leave the list of peers out for everyone.", Evidence.NetworkPolicies, static e =>
            from peer in Peers(e)
            where peer.Value is { IpBlock: null, PodSelector: null, NamespaceSelector: null }
            select At(peer.Rule, peer.Path, "the peer is {}", "state podSelector: {} for every pod of the namespace, or leave the list of peers out for everyone", PatchOperation.Set($"{peer.Path}.podSelector", new JsonObject()))),
        new("NP002", Severity.Error, "A peer has an ipBlock and a selector: the API server rejects it", "Make two peers of it; then either of them is enough.", Evidence.NetworkPolicies, static e =>
            from peer in Peers(e)
            where peer.Value is { IpBlock: not null } and ({ PodSelector: not null } or { NamespaceSelector: not null })
            select At(peer.Rule, peer.Path, "the peer states ipBlock and a selector", "make two peers of it; then either of them is enough", PatchOperation.Remove($"{peer.Path}.ipBlock"))),
        new("NP003", Severity.Error, "endPort is below port, or stands without a number: the API server rejects it", "State a number as port, and an endPort that is not below it.", Evidence.NetworkPolicies, static e =>
            from port in Ports(e)
            where port.Value.EndPort is { } end && (port.Value.Port is not { Name: null } number || end < number.Number)
            select At(port.Rule, port.Path, $"port {port.Value.Port?.ToString() ?? "is absent"}, endPort {port.Value.EndPort}", "state a number as port, and endPort not below it", PatchOperation.Remove($"{port.Path}.endPort"))),
        new("NP004", Severity.Error, "An exception is not inside of its block: the API server rejects it", "Leave the exception out, or state one that is inside of the block.", Evidence.NetworkPolicies, static e =>
            from peer in Peers(e)
            where peer.Value.IpBlock is not null && Cidr.TryParse(peer.Value.IpBlock.Cidr, out _)
            let block = peer.Value.IpBlock
            from except in block.Except.Select((text, i) => (Text: text, Index: i))
            where !IsStrictlyInside(except.Text, block.Cidr)
            select At(peer.Rule, $"{peer.Path}.ipBlock.except[{except.Index}]", $"{except.Text} is not inside of {block.Cidr}", "leave the exception out, or state one inside of the block", PatchOperation.Remove($"{peer.Path}.ipBlock.except[{except.Index}]"))),
        new("NP005", Severity.Error, "A quoted number is a port's name, which needs a letter: the API server rejects it", "Write the number without quotes.", Evidence.NetworkPolicies, static e =>
            from port in Ports(e)
            where port.Value.Port?.Name is { Length: > 0 } name && name.All(char.IsAsciiDigit)
            select At(port.Rule, $"{port.Path}.port", $"port: \"{port.Value.Port}\"", $"port: {port.Value.Port}", PatchOperation.Set($"{port.Path}.port", Number(port.Value.Port!.Value.Name!)))),
        new("NP006", Severity.Error, "The protocol is none of TCP, UDP and SCTP: the API server rejects it", "State TCP, UDP or SCTP; ICMP needs the policies of Calico or Cilium.", Evidence.NetworkPolicies, static e =>
            from port in Ports(e)
            where port.Value.Protocol is { } protocol && TransportProtocolText.Parse(protocol) is null
            let upper = port.Value.Protocol!.ToUpperInvariant()
            let known = TransportProtocolText.Parse(upper) is null ? "TCP" : upper
            select At(port.Rule, $"{port.Path}.protocol", $"protocol: {port.Value.Protocol}", upper.StartsWith("ICMP", StringComparison.Ordinal) ? "network policies cannot state ICMP; the policies of Calico and Cilium can" : $"protocol: {known}", PatchOperation.Set($"{port.Path}.protocol", known))),
        new("NP007", Severity.Error, "A selector's operator and values do not fit: the API server rejects it", "Give In and NotIn values, and Exists and DoesNotExist none.", Evidence.NetworkPolicies, static e =>
            from selector in e.Selectors()
            from expression in selector.Selector.MatchExpressions.Select((value, i) => (Value: value, Path: $"{selector.Path}.matchExpressions[{i}]"))
            where expression.Value.Operator switch
            {
                LabelSelectorRequirement.In or LabelSelectorRequirement.NotIn => expression.Value.Values.Count == 0,
                LabelSelectorRequirement.Exists or LabelSelectorRequirement.DoesNotExist => expression.Value.Values.Count > 0,
                _ => true,
            }
            select Finding.At(selector.Policy.Source, expression.Path, $"operator {expression.Value.Operator} with {expression.Value.Values.Count} values", "In and NotIn need values, Exists and DoesNotExist take none")),
        new("NP008", Severity.Warning, "Without policyTypes an egress policy also denies all ingress", "State policyTypes: [Egress], or [Ingress, Egress] when that is meant.", Evidence.NetworkPolicies, static e =>
            from policy in e.NetworkPolicies
            where policy.Value.Spec is { PolicyTypes.Count: 0, Egress.Count: > 0, Ingress.Count: 0 }
            select Finding.At(policy.Source, "spec.policyTypes", "egress rules and no policyTypes: ingress is isolated, too", "state policyTypes: [Egress], or [Ingress, Egress] when it is meant", PatchOperation.Set("spec.policyTypes", new JsonArray("Egress")))),
        new("NP009", Severity.Error, "Rules stand in a direction that policyTypes leaves out: they have no effect", "Add the direction to policyTypes, or remove its rules.", Evidence.NetworkPolicies, static e =>
            from policy in e.NetworkPolicies
            let spec = policy.Value.Spec
            where spec.PolicyTypes.Count > 0
            from direction in new[] { (Name: NetworkPolicySpec.Ingressing, Field: "ingress", Rules: spec.Ingress.Count), (Name: NetworkPolicySpec.Egressing, Field: "egress", Rules: spec.Egress.Count) }
            where direction.Rules > 0 && !spec.PolicyTypes.Contains(direction.Name)
            select Finding.At(policy.Source, $"spec.{direction.Field}", $"{direction.Rules} {direction.Field} rules, policyTypes: [{string.Join(", ", spec.PolicyTypes)}]", $"add {direction.Name} to policyTypes, or remove the rules", PatchOperation.Set("spec.policyTypes[-]", direction.Name))),
        new("NP010", Severity.Warning, "An empty egress list without policyTypes does not isolate egress", "State policyTypes: [Ingress, Egress].", Evidence.NetworkPolicies, static e =>
            from policy in e.NetworkPolicies
            where policy.Value.Spec.PolicyTypes.Count == 0 && policy.Source.Root["spec"]?["egress"] is JsonArray { Count: 0 }
            select Finding.At(policy.Source, "spec.egress", "egress: [] and no policyTypes", "state policyTypes: [Ingress, Egress]", PatchOperation.Set("spec.policyTypes", new JsonArray("Ingress", "Egress")))),
        new("NP011", Severity.Warning, "A rule allows everything, so that every other rule of its direction says nothing", "State peers or ports in the rule, or remove the other rules.", Evidence.NetworkPolicies, static e =>
            from rule in e.Rules()
            where rule.Peers.Count == 0 && rule.Ports.Count == 0
            select At(rule, rule.Path, "the rule is {}: everyone, every port", "state peers or ports, or remove the other rules")),
        new("NP012", Severity.Warning, "An empty list of peers beside ports means everyone, also outside of the cluster", "Remove the rule when nobody is meant, state peers otherwise.", Evidence.NetworkPolicies, static e =>
            from rule in e.Rules()
            where rule.Peers.Count == 0 && rule.Ports.Count > 0 && RawRule(rule)?[rule.PeersField] is JsonArray { Count: 0 }
            select At(rule, $"{rule.Path}.{rule.PeersField}", $"{rule.PeersField}: []", "remove the rule when nobody is meant, state peers otherwise", PatchOperation.Remove(rule.Path))),
        new("NP013", Severity.Info, "A port without a protocol is TCP only", "State the protocol; for DNS both UDP and TCP.", Evidence.NetworkPolicies, static e =>
            from port in Ports(e)
            where port.Value.Protocol is null
            select At(port.Rule, port.Path, $"port {port.Value.Port}, no protocol", port.Value.Port is { Name: null, Number: 53 } ? "DNS needs UDP and TCP: state both" : "state protocol: TCP", PatchOperation.Set($"{port.Path}.protocol", port.Value.Port is { Name: null, Number: 53 } ? "UDP" : "TCP"))),
        new("NP014", Severity.Warning, "Without a namespace the policy lands wherever the one who applies it happens to be", "State metadata.namespace.", Evidence.NetworkPolicies, static e =>
            from policy in e.NetworkPolicies
            where policy.Source.Root["metadata"]?["namespace"] is null
            select Finding.At(policy.Source, "metadata.namespace", "no namespace", "state metadata.namespace", PatchOperation.Set("metadata.namespace", "default"))),
        new("NP015", Severity.Warning, "Two policies have the same name: the last one applied wins", "Rename one, or make one policy of them.", Evidence.NetworkPolicies, static e =>
            from same in e.NetworkPolicies.GroupBy(static p => (p.Value.Metadata.Namespace, p.Value.Metadata.Name))
            from copy in same.Skip(1)
            select Finding.At(copy.Source, "metadata.name", $"{same.Count()} policies {same.Key.Namespace}/{same.Key.Name}", "rename one, or make one of them")),
        new("NP016", Severity.Warning, "A block has host bits or leading zeros, which parsers read differently", "Write the block in its canonical form.", Evidence.NetworkPolicies, static e =>
            from block in Blocks(e)
            where Cidr.TryParse(block.Text, out _) && !IsCanonical(block.Text)
            select At(block.Rule, block.Path, block.Text, $"{Canonical(block.Text)}", PatchOperation.Set(block.Path, Canonical(block.Text)))),
        new("NP017", Severity.Warning, "A selector contradicts itself and matches nothing", "Remove one of the conditions.", Evidence.NetworkPolicies, static e =>
            from selector in e.Selectors()
            where Selection.IsContradiction(selector.Selector)
            select Finding.At(selector.Policy.Source, selector.Path, "two conditions on one label exclude each other", "remove one of them")),
        new("NP018", Severity.Warning, "An empty label value matches only where the label is there and empty", "Use the operator Exists when any value is meant.", Evidence.NetworkPolicies, static e =>
            from selector in e.Selectors()
            from label in selector.Selector.MatchLabels.Where(static l => l.Value.Length == 0)
            select Finding.At(selector.Policy.Source, $"{selector.Path}.matchLabels", $"{label.Key}: \"\"", $"use {{key: {label.Key}, operator: Exists}} when any value is meant")),
        new("NP019", Severity.Warning, "NotIn also matches what does not carry the label at all", "Add a requirement that the label exists.", Evidence.NetworkPolicies, static e =>
            from selector in e.Selectors()
            from expression in selector.Selector.MatchExpressions.Select((value, i) => (Value: value, Path: $"{selector.Path}.matchExpressions[{i}]"))
            where expression.Value.Operator == LabelSelectorRequirement.NotIn
                && !selector.Selector.MatchLabels.ContainsKey(expression.Value.Key)
                && !selector.Selector.MatchExpressions.Any(other => other.Key == expression.Value.Key && other.Operator is LabelSelectorRequirement.Exists or LabelSelectorRequirement.In)
            select Finding.At(
                selector.Policy.Source, expression.Path, $"{expression.Value.Key} NotIn [{string.Join(", ", expression.Value.Values)}]", $"add {{key: {expression.Value.Key}, operator: Exists}}",
                PatchOperation.Set($"{selector.Path}.matchExpressions[-]", new JsonObject { ["key"] = expression.Value.Key, ["operator"] = LabelSelectorRequirement.Exists }))),
        new("NP020", Severity.Warning, "A selector names one generation or one replica: it matches nothing after the next rollout", "Select by the labels that the owner's own selector has.", Evidence.NetworkPolicies, static e =>
            from selector in e.Selectors()
            from key in selector.Selector.MatchLabels.Keys.Concat(selector.Selector.MatchExpressions.Select(static x => x.Key))
            where StableLabels.IsPassing(key)
            select Finding.At(selector.Policy.Source, selector.Path, $"the label {key}", "select by the labels that the owner's own selector has")),
        new("NP021", Severity.Info, "A label value that YAML 1.1 reads as a boolean must be quoted", "Quote the value.", Evidence.NetworkPolicies, static e =>
            from policy in e.OfKind(nameof(NetworkPolicy))
            from label in RawLabels(policy.Root, "")
            where label.Value is JsonValue value && (value.GetValueKind() is JsonValueKind.True or JsonValueKind.False || IsUnquotedBoolean(policy, label.Path, value))
            select Finding.At(policy, label.Path, $"{label.Value}", $"\"{label.Value}\"")),
        new("NP022", Severity.Info, "The policy has many rules or peers", "Join rules with netpulse-optimizer policies simplify.", Evidence.NetworkPolicies, static e =>
            from policy in e.NetworkPolicies
            let rules = policy.Value.Spec.Ingress.Count + policy.Value.Spec.Egress.Count
            let peers = ClusterEvidence.RulesOf(policy).Select(static r => r.Peers.Count).DefaultIfEmpty().Max()
            where rules > ManyRules || peers > ManyRules
            select Finding.At(policy.Source, "spec", $"{rules} rules, {peers} peers in the longest", "netpulse-optimizer policies simplify joins what can be joined")),
        new("NP023", Severity.Info, "A range of one port, or an item that stands twice", "Leave endPort out, and remove the second copy.", Evidence.NetworkPolicies, static e =>
            (from port in Ports(e)
             where port.Value is { EndPort: { } end, Port: { Name: null } number } && end == number.Number
             select At(port.Rule, $"{port.Path}.endPort", $"port {port.Value.Port}, endPort {port.Value.EndPort}", "leave endPort out", PatchOperation.Remove($"{port.Path}.endPort")))
            .Concat(Duplicates(e))),
    ];

    internal static IEnumerable<(CheckedRule Rule, string Path, NetworkPolicyPeer Value)> Peers(ClusterEvidence evidence) =>
        evidence.Rules().SelectMany(static rule => rule.Peers.Select((peer, i) => (rule, rule.PeerPath(i), peer)));

    internal static IEnumerable<(CheckedRule Rule, string Path, NetworkPolicyPort Value)> Ports(ClusterEvidence evidence) =>
        evidence.Rules().SelectMany(static rule => rule.Ports.Select((port, i) => (rule, rule.PortPath(i), port)));

    internal static Finding At(CheckedRule rule, string path, string seen, string fix, params System.Collections.Immutable.ImmutableArray<PatchOperation> patch) =>
        Finding.At(rule.Policy.Source, path, seen, fix, patch);

    private static IEnumerable<(CheckedRule Rule, string Path, string Text)> Blocks(ClusterEvidence evidence) =>
        from peer in Peers(evidence)
        where peer.Value.IpBlock is not null
        from block in peer.Value.IpBlock!.Except.Select((text, i) => (Path: $"{peer.Path}.ipBlock.except[{i}]", Text: text)).Prepend((Path: $"{peer.Path}.ipBlock.cidr", Text: peer.Value.IpBlock.Cidr))
        select (peer.Rule, block.Path, block.Text);

    private static IEnumerable<Finding> Duplicates(ClusterEvidence evidence)
    {
        foreach (var policy in evidence.NetworkPolicies)
        {
            foreach (var direction in ClusterEvidence.RulesOf(policy).GroupBy(static r => r.Direction))
            {
                foreach (var copy in Copies(direction, static r => (r.Peers, r.Ports)))
                {
                    yield return At(copy, copy.Path, "the same rule stands before it", "remove one", PatchOperation.Remove(copy.Path));
                }
            }

            foreach (var rule in ClusterEvidence.RulesOf(policy))
            {
                foreach (var copy in Copies(rule.Peers.Select((peer, i) => (Peer: peer, Path: rule.PeerPath(i))), static p => p.Peer).Select(static c => c.Path)
                    .Concat(Copies(rule.Ports.Select((port, i) => (Port: port, Path: rule.PortPath(i))), static p => p.Port).Select(static c => c.Path)))
                {
                    yield return At(rule, copy, "the same item stands before it", "remove one", PatchOperation.Remove(copy));
                }
            }
        }
    }

    private static IEnumerable<T> Copies<T, TKey>(IEnumerable<T> items, Func<T, TKey> key) =>
        items.GroupBy(item => JsonSerializer.Serialize(key(item), Fields), StringComparer.Ordinal).SelectMany(static same => same.Skip(1));

    private static readonly JsonSerializerOptions Fields = new() { IncludeFields = true };

    private static JsonNode? RawRule(CheckedRule rule) =>
        rule.Policy.Source.Root["spec"]?[rule.Direction == Direction.Ingress ? "ingress" : "egress"]?[rule.Index];

    private static bool IsStrictlyInside(string except, string block) =>
        Cidr.TryParse(except, out var inner) && Cidr.TryParse(block, out var outer) && outer.Contains(inner) && inner != outer;

    private static bool IsCanonical(string text) => Canonical(text) == text;

    private static string Canonical(string text) => Cidr.TryParse(text, out var cidr) ? cidr.ToString() : text;

    private static int Number(string digits) => int.TryParse(digits, out var number) ? number : 0;

    private static IEnumerable<(string Path, JsonNode? Value)> RawLabels(JsonNode? node, string path)
    {
        switch (node)
        {
            case JsonObject mapping:
                foreach (var (key, child) in mapping)
                {
                    var at = path.Length == 0 ? key : $"{path}.{key}";
                    if (key is "matchLabels" or "labels" && child is JsonObject labels)
                    {
                        foreach (var (label, value) in labels)
                        {
                            yield return ($"{at}.{label}", value);
                        }
                    }
                    else
                    {
                        foreach (var found in RawLabels(child, at))
                        {
                            yield return found;
                        }
                    }
                }

                break;
            case JsonArray list:
                for (var i = 0; i < list.Count; i++)
                {
                    foreach (var found in RawLabels(list[i], $"{path}[{i}]"))
                    {
                        yield return found;
                    }
                }

                break;
            default:
                break;
        }
    }

    /// <summary>YAML 1.2, which we read, takes them as texts; what others read depends on their age.</summary>
    private static bool IsUnquotedBoolean(ManifestObject policy, string path, JsonValue value) =>
        value.TryGetValue<string>(out var text) && OldBooleans.Contains(text, StringComparer.OrdinalIgnoreCase) && policy.IsPlain(path);
}
