using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Bits;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>All that an engine knows. Nothing in here is ever changed: <see cref="EngineEdit"/> makes another that shares most of it.</summary>
internal sealed record EngineState
{
    private const int AllV4 = 0;
    private const int AllV6 = 1;

    public static readonly EngineState Empty = MakeEmpty();

    public required PeerSets Sets { get; init; }

    public AddressClasses Addresses { get; init; } = new(AllV4, AllV6);

    public PortClasses Ports { get; init; } = new([]);

    /// <summary>Sets of port classes by number.</summary>
    public ImmutableArray<BitSet> PortSets { get; init; } = [];

    public ImmutableDictionary<string, int> PortSetNumbers { get; init; } = ImmutableDictionary.Create<string, int>(StringComparer.Ordinal);

    public LabelInterest Interest { get; init; } = LabelInterest.None;

    /// <summary>Every named port that some rule has stated.</summary>
    public ImmutableHashSet<string> PortNames { get; init; } = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>Pod classes by number; null where the number is that of addresses, or free.</summary>
    public PodClass?[] Classes { get; init; } = [null, null];

    public ImmutableStack<int> FreeNumbers { get; init; } = [];

    public ImmutableDictionary<PodClassKey, int> ClassNumbers { get; init; } = ImmutableDictionary<PodClassKey, int>.Empty;

    /// <summary>By <c>namespace/name</c>.</summary>
    public ImmutableDictionary<string, PodPlace> Pods { get; init; } = ImmutableDictionary.Create<string, PodPlace>(StringComparer.Ordinal);

    /// <summary>Those that policies apply to.</summary>
    public ImmutableDictionary<IpValue, ImmutableSortedSet<string>> PodsAt { get; init; } = ImmutableDictionary<IpValue, ImmutableSortedSet<string>>.Empty;

    public PodAddresses PodAddresses { get; init; } = new([]);

    public ImmutableDictionary<string, ClusterNode> Nodes { get; init; } = ImmutableDictionary.Create<string, ClusterNode>(StringComparer.Ordinal);

    /// <summary>In the order in which they decide.</summary>
    public ImmutableArray<CompiledPolicy> Policies { get; init; } = [];

    /// <summary>By class number.</summary>
    public ClassPolicies?[] Ingress { get; init; } = [null, null];

    public ClassPolicies?[] Egress { get; init; } = [null, null];

    /// <summary>How many policies were added since all was built anew: each may have left something behind that nobody needs.</summary>
    public int Wear { get; init; }

    public ClassPolicies?[] Of(Direction direction) => direction == Direction.Ingress ? Ingress : Egress;

    private static EngineState MakeEmpty()
    {
        var sets = new PeerSetsEdit(PeerSets.Empty);
        sets.Begin(AllV4);
        sets.Begin(AllV6);
        return new EngineState { Sets = sets.Seal() };
    }
}
