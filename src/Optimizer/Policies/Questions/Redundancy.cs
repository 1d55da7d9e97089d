using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Bits;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Model;

namespace NetPulse.Optimizer.Policies.Questions;

/// <summary>What could be deleted from a policy without changing a single verdict for the pods, addresses and ports that there are.</summary>
/// <param name="Selects">The pods it applies to, as <c>namespace/name</c>.</param>
/// <param name="IsRemovable">Deleting the whole policy changes nothing.</param>
public sealed record PolicyUse(PolicyReference Policy, ImmutableArray<string> Selects, bool IsRemovable, ImmutableArray<RuleUse> Rules);

/// <param name="IsActive">False in a direction that the policy's policyTypes leave out.</param>
/// <param name="IsRedundant">Deleting this rule alone, with policyTypes as they are, changes nothing.</param>
/// <param name="PodsOfPeers">How many pods each peer matches; null for peers that are addresses.</param>
public sealed record RuleUse(RuleReference Rule, bool IsActive, bool IsRedundant, ImmutableArray<int?> PodsOfPeers);

public static class Redundancy
{
    public static ImmutableArray<PolicyUse> Find(PolicyEngine engine)
    {
        var now = new AllowedPeers(engine);
        var exists = Existing(engine);
        return [.. engine.Policies.Select(policy => Use(engine, policy, now, exists))];
    }

    private static PolicyUse Use(PolicyEngine engine, CompiledPolicy policy, AllowedPeers now, BitSet exists)
    {
        var without = new AllowedPeers(engine, kept => !ReferenceEquals(kept, policy), static _ => true);
        var isRemovable = ChangesNothing(engine, policy, Direction.Ingress, now, without, exists) && ChangesNothing(engine, policy, Direction.Egress, now, without, exists);
        return new PolicyUse(
            policy.Model.Reference,
            [.. engine.Matching(policy.Model.Subject).Select(static p => p.Name)],
            isRemovable,
            [.. policy.Model.Rules.Select(rule => Use(engine, policy, rule, now, exists))]);
    }

    private static RuleUse Use(PolicyEngine engine, CompiledPolicy policy, RuleModel rule, AllowedPeers now, BitSet exists)
    {
        var direction = rule.Reference.Direction;
        var isActive = policy.Model.IsActive(direction);
        var without = new AllowedPeers(engine, static _ => true, kept => !ReferenceEquals(kept.Rule, rule));
        return new RuleUse(
            rule.Reference,
            isActive,
            !isActive || ChangesNothing(engine, policy, direction, now, without, exists),
            [.. rule.Peers.Select(peer => peer is PeerModel.Pods pods ? engine.Matching(pods.Selection).Count() : (int?)null)]);
    }

    /// <summary>Whether all verdicts about the policy's own pods stay the same.</summary>
    private static bool ChangesNothing(PolicyEngine engine, CompiledPolicy policy, Direction direction, AllowedPeers now, AllowedPeers then, BitSet exists)
    {
        foreach (var podClass in engine.SubjectsOf(policy).Members())
        {
            var others = exists;
            if (engine.PodClass(podClass)!.Members.Count == 1)
            {
                // The only pod of its class always reaches itself.
                others = exists.Copy();
                others.Remove(podClass);
            }

            for (var port = 0; port < engine.Ports.Count; port++)
            {
                if (!now.Of(podClass, direction, port).EqualsAmong(then.Of(podClass, direction, port), others))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Every class but those of addresses that all belong to pods.</summary>
    private static BitSet Existing(PolicyEngine engine)
    {
        var taken = new Dictionary<int, HashSet<Addresses.IpValue>>();
        foreach (var party in engine.Parties.Where(static p => p.ManagedPod is not null))
        {
            foreach (var address in new[] { party.V4, party.V6 }.OfType<Addresses.IpValue>())
            {
                var at = engine.Addresses.ClassOf(address);
                _ = taken.TryGetValue(at, out var set) ? set.Add(address) : taken.TryAdd(at, [address]);
            }
        }

        var exists = engine.Everyone.Copy();
        foreach (var (at, addresses) in taken)
        {
            var (first, last) = engine.Addresses.RangeAt(addresses.First());
            if (last.Value - first.Value < (UInt128)addresses.Count)
            {
                exists.Remove(at);
            }
        }

        return exists;
    }
}
