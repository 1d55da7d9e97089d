using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Recommendation;

namespace NetPulse.Optimizer.Policies.Questions;

/// <summary>A change that turns the verdict of one side of a connection.</summary>
/// <param name="Effect">What else it changes, for people.</param>
public abstract record Remedy(PolicyReference Policy, string Effect)
{
    /// <param name="Operations">RFC 6902, for <c>kubectl patch --type=json</c>.</param>
    public sealed record Patch(PolicyReference Policy, JsonArray Operations, string Effect) : Remedy(Policy, Effect);

    /// <param name="Manifest">For <c>kubectl apply</c>.</param>
    public sealed record NewPolicy(PolicyReference Policy, JsonObject Manifest, string Effect) : Remedy(Policy, Effect);
}

/// <summary>The smallest changes that would turn the answer to a question.</summary>
public static class Remedies
{
    private const int LongestName = 253;

    /// <summary>For a denied connection what each denying side needs; for an allowed one what closes the one side that can be closed.</summary>
    /// <returns>Empty where no such change does it.</returns>
    public static ImmutableArray<Remedy> For(PolicyEngine engine, Party from, Party to, TransportProtocol protocol, int port)
    {
        var verdict = engine.Ask(from, to, protocol, port);
        if (verdict.IsAllowed)
        {
            var closing = Closing(engine, verdict.Ingress, Direction.Ingress, from, protocol, port);
            return [.. closing.Count > 0 ? closing : Closing(engine, verdict.Egress, Direction.Egress, to, protocol, port)];
        }

        var opening = new[] { (Side: verdict.Egress, Direction: Direction.Egress, Own: from, Peer: to), (Side: verdict.Ingress, Direction: Direction.Ingress, Own: to, Peer: from) }
            .Where(static s => !s.Side.IsAllowed)
            .Select(s => s.Side.Reason == VerdictReason.Rule
                ? Overruling(engine, s.Side.Rules[0], isAllowed: true, s.Peer, protocol, port)
                : Opening(engine, s.Side, s.Direction, s.Own, s.Peer, protocol, port))
            .ToList();

        // Half a way through is none.
        return opening.TrueForAll(static r => r is not null) ? [.. opening.OfType<Remedy>()] : [];
    }

    private static Remedy? Opening(PolicyEngine engine, SideVerdict verdict, Direction direction, Party own, Party peer, TransportProtocol protocol, int port)
    {
        var (@namespace, pod) = (own.ManagedPod!.Metadata.Namespace, own.ManagedPod);
        if (NetworkPeer(peer, @namespace) is not { } stated)
        {
            return null;
        }

        var rule = new JsonObject
        {
            [direction == Direction.Ingress ? "from" : "to"] = new JsonArray(stated),
            ["ports"] = new JsonArray(new JsonObject { ["port"] = port, ["protocol"] = protocol.Text() }),
        };
        var (preposition, what) = (direction == Direction.Ingress ? "to" : "from", $"{port}/{protocol.Text()}");

        // The policy that selects the fewest pods opens the least; a policy of the pod's own may open less than that.
        var (policy, selected) = engine.Policies.Where(p => verdict.Isolating.Contains(p.Model.Reference))
            .Select(p => (Policy: p, Selected: engine.Matching(p.Model.Subject).Count())).MinBy(static p => p.Selected);
        var alike = Alike(engine, pod).ToList();
        if (Stable(pod).Any() && alike.Count < selected && alike.TrueForAll(p => !engine.PoliciesOf(engine.ClassOf(p), direction).Isolating.IsEmpty))
        {
            var name = $"allow-{FieldOf(direction)}-{port}-{protocol.Text().ToLowerInvariant()}-{pod.Metadata.Name}";
            var reference = new PolicyReference(nameof(NetworkPolicy), @namespace, name.Length <= LongestName ? name : name[..LongestName].TrimEnd('-', '.'));
            return new Remedy.NewPolicy(reference, Manifest(reference, direction, pod, rule), $"opens {what} {preposition} {Count(alike.Count, own)}, for {Reach(engine, peer)}");
        }

        var list = $"/spec/{FieldOf(direction)}";
        var add = policy.Rules(direction).IsEmpty ? Operation("add", list, new JsonArray(rule)) : Operation("add", $"{list}/-", rule);
        return new Remedy.Patch(policy.Model.Reference, [add], $"opens {what} {preposition} {Count(selected, own)}, for {Reach(engine, peer)}");
    }

    private static JsonObject Manifest(PolicyReference reference, Direction direction, Pod pod, JsonObject rule) => new()
    {
        ["apiVersion"] = NetworkPolicy.Version,
        ["kind"] = reference.Kind,
        ["metadata"] = new JsonObject { ["name"] = reference.Name, ["namespace"] = reference.Namespace },
        ["spec"] = new JsonObject
        {
            ["podSelector"] = new JsonObject { ["matchLabels"] = Labels(pod) },
            ["policyTypes"] = new JsonArray(direction.ToString()),
            [FieldOf(direction)] = new JsonArray(rule),
        },
    };

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

        return [.. verdict.Rules.GroupBy(static r => r.Policy).Select(rules => new Remedy.Patch(
            rules.Key,
            Removal(Policy(engine, rules.First()), direction, [.. rules.Select(static r => r.Index)]),
            "takes away whatever else the rule allows, too"))];
    }

    private static JsonArray Removal(CompiledPolicy policy, Direction direction, List<int> indices)
    {
        // From the last to the first, so that an index still means the same rule when its turn comes.
        var patch = new JsonArray([.. indices.OrderDescending().Select(i => Operation("remove", $"/spec/{FieldOf(direction)}/{i}", null))]);
        if (indices.Count == policy.Rules(direction).Length)
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
        return new Remedy.Patch(
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
        pod.Metadata.Labels.Where(static l => !StableLabels.IsPassing(l.Key)).OrderBy(static l => l.Key, StringComparer.Ordinal);

    private static string Reach(PolicyEngine engine, Party peer)
    {
        if (peer.ManagedPod is not { } pod)
        {
            return $"the address {Address(peer)}";
        }

        return Count(Alike(engine, pod).Count(), peer);
    }

    private static string Count(int pods, Party party) => pods == 1 ? $"the pod {party.Name}" : $"{pods} pods, {party.Name} among them";

    /// <summary>The pods of its namespace that carry all labels of a pod that stay.</summary>
    private static IEnumerable<Party> Alike(PolicyEngine engine, Pod pod)
    {
        List<KeyValuePair<string, string>> labels = [.. Stable(pod)];
        return engine.Parties.Where(p => p.ManagedPod is { } other && other.Metadata.Namespace == pod.Metadata.Namespace
            && labels.TrueForAll(l => other.Metadata.Labels.TryGetValue(l.Key, out var value) && value == l.Value));
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
