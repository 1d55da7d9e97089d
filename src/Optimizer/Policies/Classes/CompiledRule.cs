using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>A rule whose peers and ports are sets that rules written alike share; the engine has the sets.</summary>
/// <param name="Peers">Numbers of the sets of whom it is about.</param>
/// <param name="Ports">Number of the set of port classes that it states.</param>
/// <param name="Named">Ports that it states by name.</param>
public sealed record CompiledRule(RuleModel Rule, ImmutableArray<int> Peers, int Ports, ImmutableArray<PortModel.Named> Named)
{
    /// <summary>Whether both allow the same, in engines that number peers and ports alike.</summary>
    public bool SaysAs(CompiledRule other) => Ports == other.Ports && Rule.Action == other.Rule.Action && Peers.SequenceEqual(other.Peers) && Named.SequenceEqual(other.Named);

    /// <summary>Whether a container port is one of the rule's named ports.</summary>
    public bool Names(string name, TransportProtocol protocol)
    {
        foreach (var named in Named)
        {
            if (named.Name == name && (named.Protocol is null || named.Protocol == protocol))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A policy over sets. Rules of a direction in which it is not active are not here.</summary>
/// <param name="Subjects">Number of the set of pod classes that it applies to.</param>
public sealed record CompiledPolicy(PolicyModel Model, int Subjects, ImmutableArray<CompiledRule> Ingress, ImmutableArray<CompiledRule> Egress)
{
    /// <summary>Of its kind, namespace and name: of no other policy.</summary>
    internal string Name { get; } = Model.Reference.ToString();

    /// <summary>The order in which policies decide; ties by name, because some order must hold.</summary>
    internal static IComparer<CompiledPolicy> Deciding { get; } = Comparer<CompiledPolicy>.Create(static (a, b) =>
        (a.Model.Tier, a.Model.Priority).CompareTo((b.Model.Tier, b.Model.Priority)) is var order and not 0 ? order : string.CompareOrdinal(a.Name, b.Name));

    public ImmutableArray<CompiledRule> Rules(Direction direction) => direction == Direction.Ingress ? Ingress : Egress;
}

/// <summary>Everything that decides about one pod class in one direction, in the order in which it decides.</summary>
/// <param name="Isolating">Network policies: when there is one, only what their rules allow is allowed.</param>
public sealed record ClassPolicies(ImmutableArray<CompiledPolicy> Admin, ImmutableArray<CompiledPolicy> Isolating, ImmutableArray<CompiledPolicy> Baseline)
{
    public static readonly ClassPolicies None = new([], [], []);

    private static IEqualityComparer<CompiledPolicy> Same => ReferenceEqualityComparer.Instance;

    public bool IsSame(ClassPolicies other) => Admin.SequenceEqual(other.Admin, Same) && Isolating.SequenceEqual(other.Isolating, Same) && Baseline.SequenceEqual(other.Baseline, Same);

    /// <summary>Whether both decide the same: one more policy that isolates what is isolated already, and has no rule, changes nothing.</summary>
    public bool DecidesAs(ClassPolicies other, Direction direction) => ReferenceEquals(this, other) || IsSame(other)
        || (Isolating.IsEmpty == other.Isolating.IsEmpty && Admin.SequenceEqual(other.Admin, Same) && Baseline.SequenceEqual(other.Baseline, Same)
            && Isolating.Where(p => !p.Rules(direction).IsEmpty).SequenceEqual(other.Isolating.Where(p => !p.Rules(direction).IsEmpty), Same));

    /// <summary>The rules in which the two differ; null where they differ in more than that.</summary>
    /// <param name="other">Of the same engine, or of one that was made out of it: both number peers and ports alike.</param>
    public List<CompiledRule>? ChangedRules(ClassPolicies other, Direction direction)
    {
        if (Isolating.IsEmpty != other.Isolating.IsEmpty)
        {
            return null;
        }

        // Of the others the order decides as well, so that the same rule in another policy may say something else.
        var (own, others) = (Rules(Isolating, other.Isolating), Rules(other.Isolating, Isolating));
        return
        [
            .. own.Where(r => !others.Exists(r.SaysAs)), .. others.Where(r => !own.Exists(r.SaysAs)),
            .. Rules(Admin, other.Admin), .. Rules(other.Admin, Admin), .. Rules(Baseline, other.Baseline), .. Rules(other.Baseline, Baseline),
        ];

        List<CompiledRule> Rules(ImmutableArray<CompiledPolicy> policies, ImmutableArray<CompiledPolicy> without) => [.. policies.Except(without, Same).SelectMany(p => p.Rules(direction))];
    }

    public IEnumerable<CompiledPolicy> All => [.. Admin, .. Isolating, .. Baseline];

    public bool IsEmpty => Admin.IsEmpty && Isolating.IsEmpty && Baseline.IsEmpty;
}
