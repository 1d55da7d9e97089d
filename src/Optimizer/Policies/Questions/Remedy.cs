using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Questions;

/// <summary>A change of one policy that turns the verdict of one side of a connection.</summary>
/// <param name="Patch">RFC 6902, for <c>kubectl patch --type=json</c>.</param>
/// <param name="Effect">What else it changes, for people.</param>
public sealed record Remedy(Direction Side, PolicyReference Policy, JsonArray Patch, string Effect);

/// <summary>The smallest patches that would change the answer to a question.</summary>
public static class Remedies
{
    // Labels that name one generation or one replica of a workload: a rule with them would soon match nothing.
    private static readonly string[] PassingLabels =
    [
        "pod-template-hash", "controller-revision-hash", "pod-template-generation", "controller-uid", "job-name",
        "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "batch.kubernetes.io/job-completion-index",
    ];

    /// <summary>For a denied connection what each denying side needs; for an allowed one the patches of the one side that can be turned.</summary>
    /// <returns>Empty where no patch of an existing policy does it.</returns>
    public static ImmutableArray<Remedy> For(PolicyEngine engine, Party from, Party to, TransportProtocol protocol, int port)
    {
        var verdict = engine.Ask(from, to, protocol, port);
        if (verdict.IsAllowed)
        {
            var closing = Closing(engine, verdict.Ingress, Direction.Ingress, from, protocol, port);
            return [.. closing.Count > 0 ? closing : Closing(engine, verdict.Egress, Direction.Egress, to, protocol, port)];
        }

        var opening = new[] { (verdict.Egress, Direction.Egress, to), (verdict.Ingress, Direction.Ingress, from) }
            .Where(static side => !side.Item1.IsAllowed)
            .Select(side => Opening(engine, side.Item1, side.Item2, side.Item3, protocol, port))
            .ToList();

        // Half a way through is none.
        return opening.TrueForAll(static r => r is not null) ? [.. opening.OfType<Remedy>()] : [];
    }

    private static Remedy? Opening(PolicyEngine engine, SideVerdict verdict, Direction direction, Party peer, TransportProtocol protocol, int port)
    {
        if (verdict.Reason == VerdictReason.Rule)
        {
            return Overruling(engine, verdict.Rules[0], isAllowed: true, peer, protocol, port);
        }

        // The policy that selects the fewest pods opens the least.
        var policy = engine.Policies.Where(p => verdict.Isolating.Contains(p.Model.Reference)).MinBy(p => engine.Matching(p.Model.Subject).Count())!;
        if (NetworkPeer(peer, policy.Model.Reference.Namespace) is not { } stated)
        {
            return null;
        }

        var rule = new JsonObject
        {
            [direction == Direction.Ingress ? "from" : "to"] = new JsonArray(stated),
            ["ports"] = new JsonArray(new JsonObject { ["port"] = port, ["protocol"] = protocol.Text() }),
        };
        var list = $"/spec/{FieldOf(direction)}";
        var add = policy.Rules(direction).Count == 0 ? Operation("add", list, new JsonArray(rule)) : Operation("add", $"{list}/-", rule);
        return new Remedy(direction, policy.Model.Reference, [add], $"opens {port}/{protocol.Text()} {(direction == Direction.Ingress ? "to" : "from")} all {engine.Matching(policy.Model.Subject).Count()} pods that the policy selects, for {Reach(engine, peer)}");
    }

    private static List<Remedy> Closing(PolicyEngine engine, SideVerdict verdict, Direction direction, Party peer, TransportProtocol protocol, int port)
    {
        if (verdict.Reason != VerdictReason.Rule)
        {
            return [];
        }

        if (Policy(engine, verdict.Rules[0]).Model.Tier != PolicyTier.Network)
        {
            return Overruling(engine, verdict.Rules[0], isAllowed: false, peer, protocol, port) is { } remedy ? [remedy] : [];
        }

        return [.. verdict.Rules.GroupBy(static r => r.Policy).Select(rules => new Remedy(
            direction,
            rules.Key,
            Removal(Policy(engine, rules.First()), direction, [.. rules.Select(static r => r.Index)]),
            "takes away whatever else the rule allows, too"))];
    }

    private static JsonArray Removal(CompiledPolicy policy, Direction direction, List<int> indices)
    {
        // From the last to the first, so that an index still means the same rule when its turn comes.
        var patch = new JsonArray([.. indices.OrderDescending().Select(i => Operation("remove", $"/spec/{FieldOf(direction)}/{i}", null))]);
        if (indices.Count == policy.Rules(direction).Count)
        {
            // Without a rule and without policyTypes the policy would no longer isolate egress.
            patch.Add(Operation("add", "/spec/policyTypes", new JsonArray([.. policy.Model.Isolates.Select(static d => JsonValue.Create(d.ToString()))])));
        }

        return patch;
    }

    /// <summary>A rule before the one that decided, for this peer and port only.</summary>
    private static Remedy? Overruling(PolicyEngine engine, RuleReference decided, bool isAllowed, Party peer, TransportProtocol protocol, int port)
    {
        if (AdminPeer(peer, decided.Direction) is not { } stated)
        {
            return null;
        }

        var isCluster = decided.Policy.Kind == nameof(ClusterNetworkPolicy);
        var rule = new JsonObject
        {
            ["name"] = isAllowed ? "allow-one" : "deny-one",
            ["action"] = !isAllowed ? "Deny" : isCluster ? "Accept" : "Allow",
            [decided.Direction == Direction.Ingress ? "from" : "to"] = new JsonArray(stated),
            [isCluster ? "protocols" : "ports"] = new JsonArray(isCluster
                ? new JsonObject { [protocol.Text().ToLowerInvariant()] = new JsonObject { ["destinationPort"] = new JsonObject { ["number"] = port } } }
                : new JsonObject { ["portNumber"] = new JsonObject { ["protocol"] = protocol.Text(), ["port"] = port } }),
        };
        var subjects = engine.Matching(Policy(engine, decided).Model.Subject).Count();
        return new Remedy(
            decided.Direction,
            decided.Policy,
            [Operation("add", $"/spec/{FieldOf(decided.Direction)}/{decided.Index}", rule)],
            $"holds for all {subjects} pods that the policy selects, for {Reach(engine, peer)}");
    }

    private static JsonObject? NetworkPeer(Party peer, string ownNamespace)
    {
        if (peer.ManagedPod is not { } pod)
        {
            return Address(peer) is { } address ? new JsonObject { ["ipBlock"] = new JsonObject { ["cidr"] = Cidr.Of(address).ToString() } } : null;
        }

        if (Labels(pod) is not { Count: > 0 } labels)
        {
            return null;
        }

        var stated = new JsonObject();
        if (pod.Metadata.Namespace != ownNamespace)
        {
            stated["namespaceSelector"] = Named(pod.Metadata.Namespace);
        }

        stated["podSelector"] = new JsonObject { ["matchLabels"] = labels };
        return stated;
    }

    private static JsonObject? AdminPeer(Party peer, Direction direction)
    {
        if (peer.ManagedPod is { } pod)
        {
            return Labels(pod) is { Count: > 0 } labels
                ? new JsonObject { ["pods"] = new JsonObject { ["namespaceSelector"] = Named(pod.Metadata.Namespace), ["podSelector"] = new JsonObject { ["matchLabels"] = labels } } }
                : null;
        }

        // Admin policies know addresses only as destinations.
        return direction == Direction.Egress && Address(peer) is { } address ? new JsonObject { ["networks"] = new JsonArray(Cidr.Of(address).ToString()) } : null;
    }

    private static JsonObject Named(string @namespace) => new() { ["matchLabels"] = new JsonObject { [Namespace.NameLabel] = @namespace } };

    private static JsonObject Labels(Pod pod) =>
        new(Stable(pod).Select(static l => KeyValuePair.Create<string, JsonNode?>(l.Key, l.Value)));

    private static IEnumerable<KeyValuePair<string, string>> Stable(Pod pod) =>
        pod.Metadata.Labels.Where(static l => !PassingLabels.Contains(l.Key)).OrderBy(static l => l.Key, StringComparer.Ordinal);

    private static string Reach(PolicyEngine engine, Party peer)
    {
        if (peer.ManagedPod is not { } pod)
        {
            return $"the address {Address(peer)}";
        }

        List<KeyValuePair<string, string>> labels = [.. Stable(pod)];
        var alike = engine.Parties.Count(p => p.ManagedPod is { } other && other.Metadata.Namespace == pod.Metadata.Namespace
            && labels.TrueForAll(l => other.Metadata.Labels.TryGetValue(l.Key, out var value) && value == l.Value));
        return alike == 1 ? $"the pod {peer.Name}" : $"the {alike} pods that carry the labels of {peer.Name}";
    }

    private static IpValue? Address(Party party) => party.Stated ?? party.Address(party.Primary);

    private static CompiledPolicy Policy(PolicyEngine engine, RuleReference rule) => engine.Policies.First(p => p.Model.Reference == rule.Policy);

    private static string FieldOf(Direction direction) => direction == Direction.Ingress ? "ingress" : "egress";

    private static JsonObject Operation(string operation, string path, JsonNode? value)
    {
        var stated = new JsonObject { ["op"] = operation, ["path"] = path };
        if (value is not null)
        {
            stated["value"] = value;
        }

        return stated;
    }
}
