using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Bits;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>Makes another state out of one: classes are only ever cut finer, so that what is not touched stays as it is and is shared.</summary>
internal sealed class EngineEdit
{
    private readonly PeerSetsEdit sets;
    private readonly ImmutableArray<BitSet>.Builder portSets;
    private readonly ImmutableDictionary<string, int>.Builder portSetNumbers;
    private readonly HashSet<BitSet> ownedPortSets = new(ReferenceEqualityComparer.Instance);
    private readonly ImmutableHashSet<string>.Builder portNames;
    private readonly List<PodClass?> classes;
    private readonly ImmutableDictionary<PodClassKey, int>.Builder classNumbers;
    private readonly ImmutableDictionary<string, PodPlace>.Builder pods;
    private readonly ImmutableDictionary<IpValue, ImmutableSortedSet<string>>.Builder podsAt;
    private readonly ImmutableDictionary<string, ClusterNode>.Builder nodes;
    private readonly EngineState old;

    /// <summary>Classes of which another set of policies may decide than before.</summary>
    private readonly BitSet touched = new(0);
    private readonly List<int> freed = [];

    private LabelInterest interest;
    private ImmutableStack<int> freeNumbers;
    private ImmutableArray<CompiledPolicy> policies;
    private AddressClasses addresses;
    private PortClasses ports;
    private int wear;

    public EngineEdit(EngineState state)
    {
        old = state;
        sets = new PeerSetsEdit(state.Sets);
        portSets = state.PortSets.ToBuilder();
        portSetNumbers = state.PortSetNumbers.ToBuilder();
        portNames = state.PortNames.ToBuilder();
        classes = [.. state.Classes];
        classNumbers = state.ClassNumbers.ToBuilder();
        freeNumbers = state.FreeNumbers;
        pods = state.Pods.ToBuilder();
        podsAt = state.PodsAt.ToBuilder();
        nodes = state.Nodes.ToBuilder();
        (policies, addresses, ports, interest, wear) = (state.Policies, state.Addresses, state.Ports, state.Interest, state.Wear);
    }

    public EngineState Seal()
    {
        var (ingress, egress) = (Refreshed(Direction.Ingress), Refreshed(Direction.Egress));
        var at = podsAt.ToImmutable();
        return new EngineState
        {
            Sets = sets.Seal(),
            Addresses = addresses,
            Ports = ports,
            PortSets = portSets.ToImmutable(),
            PortSetNumbers = portSetNumbers.ToImmutable(),
            Interest = interest,
            PortNames = portNames.ToImmutable(),
            Classes = [.. classes],
            ClassNumbers = classNumbers.ToImmutable(),
            FreeNumbers = freed.Aggregate(freeNumbers, static (free, number) => free.Push(number)),
            Pods = pods.ToImmutable(),
            PodsAt = at,
            PodAddresses = ReferenceEquals(at, old.PodsAt) ? old.PodAddresses : new PodAddresses(at.Keys),
            Nodes = nodes.ToImmutable(),
            Policies = policies,
            Ingress = ingress,
            Egress = egress,
            Wear = wear,
        };
    }

    /// <summary>Policies that go and policies that come; one that comes takes the place of the one of its name.</summary>
    public void Change(IReadOnlyCollection<PolicyReference> gone, IReadOnlyCollection<PolicyModel> come)
    {
        var outdated = gone.Concat(come.Select(static m => m.Reference)).ToHashSet();
        foreach (var policy in policies.Where(p => outdated.Contains(p.Model.Reference)))
        {
            touched.Or(sets[policy.Subjects]);
        }

        Learn(come);
        var compiled = come.Select(Compile).ToList();
        foreach (var policy in compiled)
        {
            touched.Or(sets[policy.Subjects]);
        }

        policies = Merged(policies.Where(p => !outdated.Contains(p.Model.Reference)), [.. compiled.Order(CompiledPolicy.Deciding)]);
        wear += compiled.Count;
    }

    /// <param name="labels">Null: of a namespace that is gone.</param>
    public void Relabel(string name, IReadOnlyDictionary<string, string>? labels)
    {
        if (sets.HasLabels(name, labels ?? ImmutableDictionary<string, string>.Empty))
        {
            return;
        }

        sets.Relabel(name, labels, classes);
        for (var c = 0; c < classes.Count; c++)
        {
            if (classes[c]?.Namespace == name)
            {
                touched.Add(c);
            }
        }
    }

    /// <param name="node">Null: it is gone.</param>
    public void ChangeNode(string name, ClusterNode? node)
    {
        var known = nodes.GetValueOrDefault(name);
        if (node is null ? known is null : known is not null && node.IsSame(known))
        {
            return;
        }

        if (node is null)
        {
            nodes.Remove(name);
        }
        else
        {
            nodes[name] = node;
        }

        if (sets.HasNodes)
        {
            Cut((node?.Addresses ?? []).Select(static a => Cidr.Of(a)));
            sets.Refill(addresses, [.. nodes.Values]);
        }

        // A pod of the host network that states no address has the node's.
        foreach (var place in pods.Values.Where(p => p.Pod.Spec.HostNetwork && p.Pod.Spec.NodeName == name).ToList())
        {
            Enter(place.Pod);
        }
    }

    /// <summary>A pod that is new or another than before.</summary>
    public void Enter(Pod pod)
    {
        var party = Party.Of(pod, nodes.GetValueOrDefault(pod.Spec.NodeName)?.Addresses ?? []);
        if (party.ManagedPod is not null && pods.TryGetValue(party.Name, out var known) && known.Class >= 0
            && (known.Party.V4, known.Party.V6) == (party.V4, party.V6) && KeyOf(pod, party) == classes[known.Class]!.Key)
        {
            pods[party.Name] = new PodPlace(pod, party, known.Class);
            return;
        }

        Leave(party.Name);
        if (party.ManagedPod is null)
        {
            pods[party.Name] = new PodPlace(pod, party, -1);
            return;
        }

        if (!sets.HasNamespace(pod.Metadata.Namespace))
        {
            sets.Relabel(pod.Metadata.Namespace, null, classes);
        }

        Place(pod, party);
        foreach (var address in AddressesOf(party))
        {
            podsAt[address] = podsAt.GetValueOrDefault(address, Names).Add(party.Name);
        }
    }

    /// <param name="name">As <c>namespace/name</c>.</param>
    public void Leave(string name)
    {
        if (!pods.TryGetValue(name, out var place))
        {
            return;
        }

        pods.Remove(name);
        if (place.Class < 0)
        {
            return;
        }

        Quit(name, place.Class);
        foreach (var address in AddressesOf(place.Party))
        {
            var left = podsAt[address].Remove(name);
            if (left.IsEmpty)
            {
                podsAt.Remove(address);
            }
            else
            {
                podsAt[address] = left;
            }
        }
    }

    private static ImmutableArray<CompiledPolicy> Merged(IEnumerable<CompiledPolicy> kept, List<CompiledPolicy> come)
    {
        var merged = ImmutableArray.CreateBuilder<CompiledPolicy>();
        var next = 0;
        foreach (var policy in kept)
        {
            while (next < come.Count && CompiledPolicy.Deciding.Compare(come[next], policy) < 0)
            {
                merged.Add(come[next++]);
            }

            merged.Add(policy);
        }

        merged.AddRange(come.Skip(next));
        return merged.DrainToImmutable();
    }

    private static ImmutableSortedSet<string> Names { get; } = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    private static IEnumerable<IpValue> AddressesOf(Party party)
    {
        if (party.V4 is { } v4)
        {
            yield return v4;
        }

        if (party.V6 is { } v6)
        {
            yield return v6;
        }
    }

    private void Place(Pod pod, Party party)
    {
        var key = KeyOf(pod, party);
        var number = classNumbers.TryGetValue(key, out var known) ? known : Found(new PodClass(key, interest.Seen(pod.Metadata.Labels), NamedPortsOf(pod), Names));
        classes[number] = classes[number]! with { Members = classes[number]!.Members.Add(party.Name) };
        pods[party.Name] = new PodPlace(pod, party, number);
    }

    /// <summary>The number of a class that is new.</summary>
    private int Found(PodClass fresh)
    {
        var number = NextNumber();
        classNumbers.Add(fresh.Key, number);
        classes[number] = fresh;
        Cut(fresh.NamedPorts.Select(static p => p.Port));
        sets.Enter(number, fresh, addresses);
        touched.Add(number);
        return number;
    }

    private void Quit(string name, int number)
    {
        var left = classes[number]!.Members.Remove(name);
        if (!left.IsEmpty)
        {
            classes[number] = classes[number]! with { Members = left };
            return;
        }

        classNumbers.Remove(classes[number]!.Key);
        sets.Leave(number, classes[number]!);
        classes[number] = null;
        touched.Add(number);

        // Not at once: a state that is compared with the one before must not call another class by the same number.
        freed.Add(number);
    }

    /// <param name="labels">What is seen of the labels, where it is known; so with the ports.</param>
    private PodClassKey KeyOf(Pod pod, Party party, string? labels = null, string? namedPorts = null) => new(
        pod.Metadata.Namespace,
        party.V4 is { } v4 ? addresses.CellOf(v4) : null,
        party.V6 is { } v6 ? addresses.CellOf(v6) : null,
        party.Primary,
        labels ?? interest.TextOf(pod.Metadata.Labels),
        namedPorts ?? string.Join('\n', NamedPortsOf(pod)));

    /// <summary>Those that some rule names.</summary>
    private List<(string Name, PortRange Port)> NamedPortsOf(Pod pod)
    {
        if (portNames.Count == 0 || !NamedPorts.HasAny(pod, portNames))
        {
            return [];
        }

        var named = NamedPorts.Of(pod).Where(p => portNames.Contains(p.Name)).Distinct().ToList();
        if (named.Count > 1)
        {
            named.Sort(static (one, other) => (string.CompareOrdinal(one.Name, other.Name), one.Port.Protocol, one.Port.First).CompareTo((0, other.Port.Protocol, other.Port.First)));
        }

        return named;
    }

    /// <summary>Cuts all classes as fine as new policies ask for.</summary>
    private void Learn(IReadOnlyCollection<PolicyModel> models)
    {
        var rules = models.SelectMany(static m => m.Rules).ToList();
        var peers = rules.SelectMany(static r => r.Peers).ToList();
        var newInterest = LabelInterest.Of(models.Select(static m => m.Subject.Pods).Concat(peers.OfType<PeerModel.Pods>().Select(static p => p.Selection.Pods))).Except(interest);
        interest = interest.And(newInterest);
        var newNames = rules.SelectMany(static r => r.Ports).OfType<PortModel.Named>().Select(static n => n.Name).Where(portNames.Add).ToHashSet(StringComparer.Ordinal);
        if (!sets.HasNodes && peers.Exists(static p => p is PeerModel.Nodes))
        {
            Cut(nodes.Values.SelectMany(static n => n.Addresses).Select(static a => Cidr.Of(a)));
        }

        Cut(rules.SelectMany(static r => r.Ports).OfType<PortModel.Ports>().Select(static p => p.Range));
        var moved = Split([.. peers.OfType<PeerModel.Network>().SelectMany(static n => n.Except.Prepend(n.Block)).Distinct()]);
        if (!newInterest.IsNone || newNames.Count > 0)
        {
            var sees = newInterest.Sight();
            var differing = pods.Where(p => p.Value.Class >= 0 && (sees(p.Value.Pod.Metadata.Labels) || (newNames.Count > 0 && NamedPorts.HasAny(p.Value.Pod, newNames)))).Select(static p => p.Value);
            moved.AddRange(differing);
        }

        // Nested blocks, two families and labels may each have moved the same pod.
        Rekey(moved.DistinctBy(static p => p.Party.Name), !newInterest.IsNone, newNames.Count > 0);
    }

    /// <summary>Cuts out blocks, and tells the pods in them from the others.</summary>
    /// <returns>Pods that are in other cells than before; before pods come and go, so that the old addresses are theirs.</returns>
    private List<PodPlace> Split(List<Cidr> blocks)
    {
        Cut(blocks);
        var moved = new List<PodPlace>();
        addresses = addresses.Split(
            blocks,
            block => old.PodAddresses.In(block.Family, block.First, block.Last).Length * 2 > old.PodAddresses.Count(block.Family),
            (first, last) =>
            {
                foreach (var value in old.PodAddresses.In(first.Family, first.Value, last.Value))
                {
                    moved.AddRange(podsAt[new IpValue(first.Family, value)].Select(name => pods[name]));
                }
            });
        return moved;
    }

    /// <summary>Puts pods that now differ from others of their class into classes of their own. The most of each class keep its number, so that little changes.</summary>
    /// <param name="moved">Each once.</param>
    /// <param name="hasLabels">Whether more is seen of labels than before.</param>
    /// <param name="hasNames">Whether more ports are named than before.</param>
    private void Rekey(IEnumerable<PodPlace> moved, bool hasLabels, bool hasNames)
    {
        foreach (var own in moved.GroupBy(static p => p.Class))
        {
            var podClass = classes[own.Key]!;
            var parts = own.GroupBy(KeyNow).Select(part => ClassNow([.. part], part.Key)).ToList();
            if (parts.Sum(static p => p.Members.Count) < podClass.Members.Count)
            {
                parts.Add(podClass with { Members = podClass.Members.Except(own.Select(static p => p.Party.Name)) });
            }

            var most = parts.MaxBy(static p => p.Members.Count)!;
            if (most.Key != podClass.Key)
            {
                classNumbers.Remove(podClass.Key);
                classNumbers.Add(most.Key, own.Key);
                Cut(most.NamedPorts.Select(static p => p.Port));
            }

            classes[own.Key] = most;
            foreach (var part in parts.Where(p => p != most))
            {
                var number = Found(part);
                foreach (var name in part.Members)
                {
                    pods[name] = pods[name] with { Class = number };
                }
            }

            PodClassKey KeyNow(PodPlace place) => KeyOf(place.Pod, place.Party, hasLabels ? null : podClass.Key.Labels, hasNames ? null : podClass.Key.NamedPorts);

            PodClass ClassNow(List<PodPlace> part, PodClassKey key) => new(
                key,
                hasLabels ? interest.Seen(part[0].Pod.Metadata.Labels) : podClass.Labels,
                hasNames ? NamedPortsOf(part[0].Pod) : podClass.NamedPorts,
                part.Count == podClass.Members.Count ? podClass.Members : Names.Union(part.Select(static p => p.Party.Name)));
        }
    }

    private void Cut(IEnumerable<Cidr> blocks) => addresses = addresses.Cut([.. blocks], NextNumber, sets.Cut);

    private void Cut(IEnumerable<PortRange> ranges) => ports = ports.Cut(ranges, (from, number) =>
    {
        for (var i = 0; i < portSets.Count; i++)
        {
            if (portSets[i].Contains(from))
            {
                portSets[i] = ownedPortSets.Contains(portSets[i]) ? portSets[i] : portSets[i].Copy();
                ownedPortSets.Add(portSets[i]);
                portSets[i].Add(number);
            }
        }
    });

    private int NextNumber()
    {
        if (!freeNumbers.IsEmpty)
        {
            freeNumbers = freeNumbers.Pop(out var free);
            return free;
        }

        classes.Add(null);
        return classes.Count - 1;
    }

    private CompiledPolicy Compile(PolicyModel model) => new(
        model,
        sets.NumberOf(new PeerModel.Pods(model.Subject), addresses, classes, nodes.Values),
        Rules(model, Direction.Ingress),
        Rules(model, Direction.Egress));

    private ImmutableArray<CompiledRule> Rules(PolicyModel model, Direction direction) =>
        model.IsActive(direction) ? [.. model.Rules.Where(r => r.Reference.Direction == direction).Select(CompileRule)] : [];

    private CompiledRule CompileRule(RuleModel rule) => new(
        rule,
        rule.FromAnyone ? [PeerSets.Everyone] : [.. rule.Peers.Select(peer => sets.NumberOf(peer, addresses, classes, nodes.Values)).Distinct()],
        PortSetOf(rule),
        [.. rule.Ports.OfType<PortModel.Named>()]);

    private int PortSetOf(RuleModel rule)
    {
        var text = rule.Ports.IsEmpty ? "every" : string.Join(' ', rule.Ports.OfType<PortModel.Ports>().Select(static p => p.Range));
        if (portSetNumbers.TryGetValue(text, out var number))
        {
            return number;
        }

        var set = rule.Ports.IsEmpty ? BitSet.All(ports.Count) : new BitSet(ports.Count);
        foreach (var range in rule.Ports.OfType<PortModel.Ports>())
        {
            ports.AddTo(set, range.Range);
        }

        ownedPortSets.Add(set);
        portSets.Add(set);
        portSetNumbers.Add(text, portSets.Count - 1);
        return portSets.Count - 1;
    }

    /// <summary>The policies of each class; the same object as before where they are the same.</summary>
    private ClassPolicies?[] Refreshed(Direction direction)
    {
        var result = new ClassPolicies?[classes.Count];
        old.Of(direction).CopyTo(result, 0);
        var builders = new Dictionary<int, (ImmutableArray<CompiledPolicy>.Builder Admin, ImmutableArray<CompiledPolicy>.Builder Network, ImmutableArray<CompiledPolicy>.Builder Baseline)>();
        foreach (var c in touched.Members())
        {
            if (classes[c] is not null)
            {
                builders[c] = (ImmutableArray.CreateBuilder<CompiledPolicy>(), ImmutableArray.CreateBuilder<CompiledPolicy>(), ImmutableArray.CreateBuilder<CompiledPolicy>());
            }
            else
            {
                result[c] = null;
            }
        }

        foreach (var policy in policies)
        {
            var decides = policy.Model.Tier == PolicyTier.Network ? policy.Model.IsActive(direction) : policy.Rules(direction).Length > 0;
            if (!decides || !sets[policy.Subjects].Overlaps(touched))
            {
                continue;
            }

            foreach (var c in sets[policy.Subjects].Copy().And(touched).Members())
            {
                (policy.Model.Tier switch
                {
                    PolicyTier.Admin => builders[c].Admin,
                    PolicyTier.Network => builders[c].Network,
                    _ => builders[c].Baseline,
                }).Add(policy);
            }
        }

        foreach (var (c, (admin, network, baseline)) in builders)
        {
            var fresh = new ClassPolicies(admin.DrainToImmutable(), network.DrainToImmutable(), baseline.DrainToImmutable());
            result[c] = result[c] is { } known && known.IsSame(fresh) ? known : fresh;
        }

        return result;
    }
}
