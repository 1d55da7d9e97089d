using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Bits;
using NetPulse.Optimizer.Policies.Model;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>Whom each peer and each subject of the policies matches: one set of classes for all that are written alike.</summary>
internal sealed record PeerSets
{
    /// <summary>Number of the set of all classes, of pods and of addresses.</summary>
    public const int Everyone = 0;

    /// <summary>Number of the set of all pod classes.</summary>
    public const int EveryPod = 1;

    private static readonly BitSet[] Initial = [new BitSet(0), new BitSet(0)];

    public static readonly PeerSets Empty = new();

    public ImmutableDictionary<string, int> Numbers { get; init; } = ImmutableDictionary.Create<string, int>(StringComparer.Ordinal);

    public SelectionIndex Selections { get; init; } = SelectionIndex.Empty;

    /// <summary>The sets of address blocks.</summary>
    public ImmutableDictionary<int, PeerModel.Network> Networks { get; init; } = ImmutableDictionary<int, PeerModel.Network>.Empty;

    /// <summary>The sets of nodes' addresses.</summary>
    public ImmutableDictionary<int, PeerModel.Nodes> Nodes { get; init; } = ImmutableDictionary<int, PeerModel.Nodes>.Empty;

    /// <summary>By number: whom the set is about when a connection uses IPv4. Pods of one family stand in both; never changed.</summary>
    public BitSet[] V4 { get; init; } = Initial;

    /// <summary>The same set as in <see cref="V4"/> where the family makes no difference.</summary>
    public BitSet[] V6 { get; init; } = Initial;

    public BitSet Of(int number, IpFamily family) => family == IpFamily.V4 ? V4[number] : V6[number];
}
