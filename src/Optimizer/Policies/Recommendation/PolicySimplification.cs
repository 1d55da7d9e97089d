using System.Collections.Immutable;
using System.Text.Json;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>A network policy with fewer rules that means the same.</summary>
/// <param name="Before">How many rules it had.</param>
/// <param name="After">How many are left.</param>
public sealed record SimplifiedPolicy(NetworkPolicy Policy, int Before, int After);

/// <summary>Joins rules: those with the same peers get the ports of all, then those with the same ports get the peers of all, until nothing changes.</summary>
/// <remarks>Both steps keep the meaning whatever pods there are; the engine asks everyone to everyone again all the same.</remarks>
public static class PolicySimplification
{
    /// <summary>Policies that get smaller.</summary>
    /// <exception cref="InvalidOperationException">A rewritten policy would mean something else: a defect of ours.</exception>
    public static ImmutableArray<SimplifiedPolicy> Of(PolicyInputs inputs)
    {
        var simplified = inputs.NetworkPolicies.Select(static p => (Old: p, New: Simplify(p))).Where(static p => Rules(p.New) < Rules(p.Old)).ToList();
        if (simplified.Count == 0)
        {
            return [];
        }

        var after = inputs with { NetworkPolicies = [.. inputs.NetworkPolicies.Select(p => simplified.Find(s => ReferenceEquals(s.Old, p)).New ?? p)] };
        var difference = Difference.Between(PolicyEngine.Build(inputs), PolicyEngine.Build(after));
        return difference.Changes.IsEmpty
            ? [.. simplified.Select(static p => new SimplifiedPolicy(p.New, Rules(p.Old), Rules(p.New)))]
            : throw new InvalidOperationException($"joining rules would change {difference.Changes[0].From} -> {difference.Changes[0].To}");
    }

    private static NetworkPolicy Simplify(NetworkPolicy policy) => policy with
    {
        Spec = policy.Spec with
        {
            // Without rules in a direction the default of policyTypes could change.
            PolicyTypes = policy.Spec.PolicyTypes.Count > 0 ? policy.Spec.PolicyTypes
                : policy.Spec.Egress.Count > 0 ? [NetworkPolicySpec.Ingressing, NetworkPolicySpec.Egressing] : [NetworkPolicySpec.Ingressing],
            Ingress = [.. Join([.. policy.Spec.Ingress.Select(static r => new Rule(r.From, r.Ports))]).Select(static r => new NetworkPolicyIngressRule { From = r.Peers, Ports = r.Ports })],
            Egress = [.. Join([.. policy.Spec.Egress.Select(static r => new Rule(r.To, r.Ports))]).Select(static r => new NetworkPolicyEgressRule { To = r.Peers, Ports = r.Ports })],
        },
    };

    private static List<Rule> Join(List<Rule> rules)
    {
        int before;
        do
        {
            before = rules.Count;
            rules = [.. rules.GroupBy(static r => Key(r.Peers), StringComparer.Ordinal).Select(static same => same.First() with { Ports = Union(same.Select(static r => r.Ports)) })];
            rules = [.. rules.GroupBy(static r => Key(r.Ports), StringComparer.Ordinal).Select(static same => same.First() with { Peers = Union(same.Select(static r => r.Peers)) })];
        }
        while (rules.Count < before);
        return rules;
    }

    /// <summary>An empty list means everything, so that one of them makes the union everything.</summary>
    private static List<T> Union<T>(IEnumerable<IReadOnlyList<T>> lists)
    {
        List<IReadOnlyList<T>> all = [.. lists];
        return all.Exists(static l => l.Count == 0) ? [] : [.. all.SelectMany(static l => l).DistinctBy(static item => JsonSerializer.Serialize(item))];
    }

    private static string Key<T>(IReadOnlyList<T> items) => string.Join('\n', items.Select(static item => JsonSerializer.Serialize(item)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));

    private static int Rules(NetworkPolicy policy) => policy.Spec.Ingress.Count + policy.Spec.Egress.Count;

    private sealed record Rule(IReadOnlyList<NetworkPolicyPeer> Peers, IReadOnlyList<NetworkPolicyPort> Ports);
}
