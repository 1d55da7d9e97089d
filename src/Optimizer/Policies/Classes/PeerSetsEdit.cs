using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Bits;
using NetPulse.Optimizer.Policies.Model;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>Changes a copy of the peer sets; a set is copied when it changes first.</summary>
internal sealed class PeerSetsEdit
{
    private readonly ImmutableDictionary<string, int>.Builder numbers;
    private readonly ImmutableDictionary<int, PeerModel.Network>.Builder networks;
    private readonly ImmutableDictionary<int, PeerModel.Nodes>.Builder nodes;
    private readonly List<BitSet> v4;
    private readonly List<BitSet> v6;
    private readonly HashSet<BitSet> owned = new(ReferenceEqualityComparer.Instance);
    private SelectionIndex selections;

    public PeerSetsEdit(PeerSets sets)
    {
        numbers = sets.Numbers.ToBuilder();
        networks = sets.Networks.ToBuilder();
        nodes = sets.Nodes.ToBuilder();
        (v4, v6) = ([.. sets.V4], [.. sets.V6]);
        selections = sets.Selections;
    }

    public bool HasNodes => nodes.Count > 0;

    public BitSet this[int number] => v4[number];

    public PeerSets Seal() => new()
    {
        Numbers = numbers.ToImmutable(),
        Selections = selections,
        Networks = networks.ToImmutable(),
        Nodes = nodes.ToImmutable(),
        V4 = [.. v4],
        V6 = [.. v6],
    };

    /// <summary>The set of a peer: a new one holds the classes that there are.</summary>
    /// <param name="classes">Pod classes by number; null where the number is another's.</param>
    public int NumberOf(PeerModel peer, AddressClasses addresses, IReadOnlyList<PodClass?> classes, IEnumerable<ClusterNode> clusterNodes)
    {
        var text = TextOf(peer);
        if (numbers.TryGetValue(text, out var number))
        {
            return number;
        }

        number = v4.Count;
        numbers.Add(text, number);
        var set = new BitSet(classes.Count);
        owned.Add(set);
        v4.Add(set);
        v6.Add(set);
        switch (peer)
        {
            case PeerModel.Pods { Selection: var selection }:
                selections = selections.With(number, selection);
                AddMatching(set, selection, classes);
                break;
            case PeerModel.Network network:
                networks.Add(number, network);
                AddBlocks(set, network, addresses);
                for (var c = 0; c < classes.Count; c++)
                {
                    if (classes[c] is { } podClass)
                    {
                        AddTo(number, c, AddressesOf(podClass, addresses));
                    }
                }

                break;
            case PeerModel.Nodes selected:
                nodes.Add(number, selected);
                Fill(number, selected, addresses, clusterNodes);
                break;
            default:
                break;
        }

        return number;
    }

    /// <summary>A class of pods that is new.</summary>
    public void Enter(int c, PodClass podClass, AddressClasses addresses)
    {
        Add(PeerSets.Everyone, c, true, true);
        Add(PeerSets.EveryPod, c, true, true);
        foreach (var number in selections.Matching(podClass.Namespace, podClass.Labels))
        {
            Add(number, c, true, true);
        }

        var own = AddressesOf(podClass, addresses);
        foreach (var number in networks.Keys)
        {
            AddTo(number, c, own);
        }
    }

    /// <summary>A class that is no more.</summary>
    public void Leave(int c, PodClass podClass)
    {
        Remove(PeerSets.Everyone, c);
        Remove(PeerSets.EveryPod, c);
        foreach (var number in selections.Matching(podClass.Namespace, podClass.Labels).Concat(networks.Keys))
        {
            Remove(number, c);
        }
    }

    /// <summary>A class of addresses that is new: cut from another.</summary>
    public void Cut(int from, int c)
    {
        Begin(c);
        foreach (var number in networks.Keys.Concat(nodes.Keys).Where(n => v4[n].Contains(from)))
        {
            Add(number, c, true, true);
        }
    }

    /// <summary>A class of all addresses of a family.</summary>
    public void Begin(int c) => Add(PeerSets.Everyone, c, true, true);

    public bool HasNamespace(string name) => selections.HasNamespace(name);

    public bool HasLabels(string name, IReadOnlyDictionary<string, string> labels) => selections.HasLabels(name, labels);

    /// <param name="labels">Null: none but its name.</param>
    public void Relabel(string name, IReadOnlyDictionary<string, string>? labels, IReadOnlyList<PodClass?> classes)
    {
        var before = selections;
        selections = selections.WithNamespace(name, labels);
        for (var c = 0; c < classes.Count && before.HasNamespace(name); c++)
        {
            if (classes[c] is not { } podClass || podClass.Namespace != name)
            {
                continue;
            }

            var (old, now) = (before.Matching(name, podClass.Labels), selections.Matching(name, podClass.Labels));
            foreach (var number in old.Except(now))
            {
                Remove(number, c);
            }

            foreach (var number in now)
            {
                Add(number, c, true, true);
            }
        }
    }

    /// <summary>The nodes are others: their addresses are already cut out.</summary>
    public void Refill(AddressClasses addresses, IReadOnlyCollection<ClusterNode> clusterNodes)
    {
        foreach (var (number, selected) in nodes)
        {
            v4[number] = v6[number] = new BitSet(0);
            owned.Add(v4[number]);
            Fill(number, selected, addresses, clusterNodes);
        }
    }

    private void Fill(int number, PeerModel.Nodes selected, AddressClasses addresses, IEnumerable<ClusterNode> clusterNodes)
    {
        foreach (var address in clusterNodes.Where(n => SelectorMatch.Matches(selected.Selector, n.Labels)).SelectMany(static n => n.Addresses))
        {
            v4[number].Add(addresses.ClassOf(address));
        }
    }

    private void AddMatching(BitSet set, PodSelection selection, IReadOnlyList<PodClass?> classes)
    {
        var namespaces = new Dictionary<string, bool>(StringComparer.Ordinal);
        for (var c = 0; c < classes.Count; c++)
        {
            if (classes[c] is not { } podClass)
            {
                continue;
            }

            if (!namespaces.TryGetValue(podClass.Namespace, out var isMatched))
            {
                namespaces[podClass.Namespace] = isMatched = selections.MatchesNamespace(selection, podClass.Namespace);
            }

            if (isMatched && SelectorMatch.Matches(selection.Pods, podClass.Labels))
            {
                set.Add(c);
            }
        }
    }

    private static void AddBlocks(BitSet set, PeerModel.Network network, AddressClasses addresses)
    {
        var own = addresses.ClassesOf(network.Block);
        foreach (var except in network.Except)
        {
            own.AndNot(addresses.ClassesOf(except));
        }

        set.Or(own);
    }

    /// <summary>The classes of the addresses of pods, by those of the example.</summary>
    private static (int? V4, int? V6) AddressesOf(PodClass podClass, AddressClasses addresses) =>
        (podClass.Example.V4 is { } v4 ? addresses.ClassOf(v4) : null, podClass.Example.V6 is { } v6 ? addresses.ClassOf(v6) : null);

    /// <summary>Pods whose address is in a block. With two addresses the one that the connection uses counts.</summary>
    private void AddTo(int number, int c, (int? V4, int? V6) own)
    {
        var set = v4[number];
        var (byV4, byV6) = (own.V4 is { } four && set.Contains(four), own.V6 is { } six && set.Contains(six));
        var isDualStack = own is { V4: not null, V6: not null };
        Add(number, c, isDualStack ? byV4 : byV4 || byV6, isDualStack ? byV6 : byV4 || byV6);
    }

    private void Add(int number, int c, bool toV4, bool toV6)
    {
        if (ReferenceEquals(v4[number], v6[number]))
        {
            if (toV4 && toV6)
            {
                if (!v4[number].Contains(c))
                {
                    v6[number] = v4[number] = Own(v4[number]);
                    v4[number].Add(c);
                }

                return;
            }

            if (toV4 || toV6)
            {
                v6[number] = v4[number].Copy();
                owned.Add(v6[number]);
            }
        }

        if (toV4 && !v4[number].Contains(c))
        {
            v4[number] = Own(v4[number]);
            v4[number].Add(c);
        }

        if (toV6 && !v6[number].Contains(c))
        {
            v6[number] = Own(v6[number]);
            v6[number].Add(c);
        }
    }

    private void Remove(int number, int c)
    {
        var isOne = ReferenceEquals(v4[number], v6[number]);
        if (v4[number].Contains(c))
        {
            v4[number] = Own(v4[number]);
            v4[number].Remove(c);
        }

        if (isOne)
        {
            v6[number] = v4[number];
        }
        else if (v6[number].Contains(c))
        {
            v6[number] = Own(v6[number]);
            v6[number].Remove(c);
        }
    }

    private BitSet Own(BitSet set)
    {
        if (owned.Contains(set))
        {
            return set;
        }

        var copy = set.Copy();
        owned.Add(copy);
        return copy;
    }

    /// <summary>The same for peers that are written the same.</summary>
    private static string TextOf(PeerModel peer) => peer switch
    {
        PeerModel.Pods { Selection: var selection } => $"pods\n{(selection.OwnNamespace is { } own ? $"of {own}" : "")}\n{SelectorMatch.TextOf(selection.Namespaces)}\n\n{SelectorMatch.TextOf(selection.Pods)}",
        PeerModel.Network network => $"network {network.Block} {string.Join(' ', network.Except)}",
        PeerModel.Nodes selected => $"nodes\n{SelectorMatch.TextOf(selected.Selector)}",
        _ => "nobody",
    };
}
