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
        var deciding = policies.Where(p => sets[p.Subjects].Overlaps(touched)).Select(p => (p, sets[p.Subjects].Copy().And(touched))).ToList();
        var (ingress, egress) = (Refreshed(Direction.Ingress, deciding), Refreshed(Direction.Egress, deciding));
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
        var names = gone.Concat(come.Select(static m => m.Reference)).Select(static r => r.ToString()).ToHashSet(StringComparer.Ordinal);
        var outdated = policies.Where(p => names.Contains(p.Name)).ToHashSet<CompiledPolicy>(ReferenceEqualityComparer.Instance);
        Touch(outdated);
        Learn(come);
        var compiled = come.Select(Compile).ToList();
        Touch(compiled);
        policies = Merged(policies.RemoveAll(outdated.Contains), [.. compiled.Order(CompiledPolicy.Deciding)]);
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
        var place = new PodPlace(pod, party, -1);
        if (party.ManagedPod is not null && pods.TryGetValue(party.Name, out var known) && known.Class >= 0
            && (known.Party.V4, known.Party.V6) == (party.V4, party.V6) && KeyOf(place) == KeyOf(known))
        {
            pods[party.Name] = place with { Class = known.Class };
            classes[known.Class] = classes[known.Class]!.With(place);
            return;
        }

        Leave(party.Name);
        if (party.ManagedPod is null)
        {
            pods[party.Name] = place;
            return;
        }

        if (!sets.HasNamespace(pod.Metadata.Namespace))
        {
            sets.Relabel(pod.Metadata.Namespace, null, classes);
        }

        Place(place);
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

    private void Touch(IEnumerable<CompiledPolicy> changed)
    {
        foreach (var policy in changed)
        {
            touched.Or(sets[policy.Subjects]);
        }
    }

    private static ImmutableArray<CompiledPolicy> Merged(ImmutableArray<CompiledPolicy> kept, List<CompiledPolicy> come)
    {
        var merged = ImmutableArray.CreateBuilder<CompiledPolicy>(kept.Length + come.Count);
        var from = 0;
        foreach (var policy in come)
        {
            var at = ~kept.BinarySearch(policy, CompiledPolicy.Deciding);
            merged.AddRange(kept.AsSpan()[from..at]);
            merged.Add(policy);
            from = at;
        }

        merged.AddRange(kept.AsSpan()[from..]);
        return merged.MoveToImmutable();
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

    private void Place(PodPlace place)
    {
        var key = KeyOf(place);

        // A class whose key is outdated may have pods that are others by now.
        if (classNumbers.TryGetValue(key, out var number) && KeyOf(pods[classes[number]!.Example.Name]) == key)
        {
            classes[number] = classes[number]!.With(place);
        }
        else
        {
            number = Found(new PodClass(key, place));
        }

        pods[place.Party.Name] = place with { Class = number };
    }

    /// <summary>The number of a class that is new.</summary>
    private int Found(PodClass fresh)
    {
        var number = NextNumber();
        classNumbers[fresh.Key] = number;
        classes[number] = fresh;
        Cut(fresh.NamedPorts.Where(p => portNames.Contains(p.Name)).Select(static p => p.Port));
        sets.Enter(number, fresh, addresses);
        touched.Add(number);
        return number;
    }

    private void Quit(string name, int number)
    {
        var own = classes[number]!;
        if (own.Members.Count > 1)
        {
            classes[number] = own.Without(name, pods[own.Members[own.Members[0] == name ? 1 : 0]]);
            return;
        }

        Forget(number);
        sets.Leave(number, own);
        classes[number] = null;
        touched.Add(number);

        // Not at once: a state that is compared with the one before must not call another class by the same number.
        freed.Add(number);
    }

    /// <summary>A class is no longer found by its key.</summary>
    private void Forget(int number)
    {
        if (classNumbers.TryGetValue(classes[number]!.Key, out var found) && found == number)
        {
            classNumbers.Remove(classes[number]!.Key);
        }
    }

    private PodClassKey KeyOf(PodPlace place) => new(
        place.Pod.Metadata.Namespace,
        CellOf(place.Party.V4),
        CellOf(place.Party.V6),
        place.Party.Primary,
        interest.TextOf(place.Pod.Metadata.Labels),
        TextOf(NamedPorts.Of(place.Pod).Where(p => portNames.Contains(p.Name))));

    private int? CellOf(IpValue? address) => address is { } known ? addresses.CellOf(known) : null;

    private static string TextOf(IEnumerable<(string Name, PortRange Port)> ports) =>
        string.Join('\n', ports.Select(static p => $"{p.Name} {p.Port}").Distinct().Order(StringComparer.Ordinal));

    /// <summary>Cuts all classes as fine as new policies ask for.</summary>
    private void Learn(IReadOnlyCollection<PolicyModel> models)
    {
        var rules = models.SelectMany(static m => m.Rules).ToList();
        var peers = rules.SelectMany(static r => r.Peers).ToList();
        interest = interest.And(models.Select(static m => m.Subject.Pods).Concat(peers.OfType<PeerModel.Pods>().Select(static p => p.Selection.Pods)), out var presence, out var values);
        var newNames = rules.SelectMany(static r => r.Ports).OfType<PortModel.Named>().Select(static n => n.Name).Where(portNames.Add).ToHashSet(StringComparer.Ordinal);
        if (!sets.HasNodes && peers.Exists(static p => p is PeerModel.Nodes))
        {
            Cut(nodes.Values.SelectMany(static n => n.Addresses).Select(static a => Cidr.Of(a)));
        }

        Cut(rules.SelectMany(static r => r.Ports).OfType<PortModel.Ports>().Select(static p => p.Range));
        var moved = Split([.. peers.OfType<PeerModel.Network>().SelectMany(static n => n.Except.Prepend(n.Block)).Distinct()]);
        Divide(new News(presence, values, newNames), moved);
    }

    /// <summary>Cuts out blocks, and tells the pods in them from the others.</summary>
    /// <returns>Classes with pods that are in other cells than before; before pods come and go, so that the old addresses are theirs.</returns>
    private BitSet Split(List<Cidr> blocks)
    {
        Cut(blocks);
        var moved = new BitSet(0);
        addresses = addresses.Split(
            blocks,
            block => old.PodAddresses.In(block.Family, block.First, block.Last).Length * 2 > old.PodAddresses.Count(block.Family),
            (first, last) =>
            {
                foreach (var value in old.PodAddresses.In(first.Family, first.Value, last.Value))
                {
                    foreach (var name in podsAt[new IpValue(first.Family, value)])
                    {
                        moved.Add(pods[name].Class);
                    }
                }
            });
        return moved;
    }

    /// <summary>Cuts classes whose pods the news tell apart. All others stay as they are, with their outdated keys: what every pod of a class has changes nothing.</summary>
    /// <param name="moved">Classes with pods that are in other cells than before.</param>
    private void Divide(News news, BitSet moved)
    {
        var newPorts = new HashSet<PortRange>();
        var suspects = moved.Copy();
        for (var c = 0; c < classes.Count && !news.IsNone; c++)
        {
            if (classes[c] is not { } podClass)
            {
                continue;
            }

            var isOfManyPorts = news.PortNames.Overlaps(podClass.Diversity.Ports);
            newPorts.UnionWith((isOfManyPorts ? podClass.Members.SelectMany(name => NewPortsOf(pods[name], news)) : podClass.NamedPorts.Where(p => news.PortNames.Contains(p.Name))).Select(static p => p.Port));
            if (isOfManyPorts || news.Presence.Overlaps(podClass.Diversity.Presence) || news.Values.Overlaps(podClass.Diversity.Values))
            {
                suspects.Add(c);
            }
        }

        Cut(newPorts);
        foreach (var number in suspects.Members().Where(c => !IsOfOneKind(classes[c]!, news, moved.Contains(c))))
        {
            Divide(number);
        }
    }

    /// <summary>Cuts a class whose pods are no longer the same. The most keep the number, so that little changes.</summary>
    private void Divide(int number)
    {
        var parts = classes[number]!.Members.Select(name => pods[name]).GroupBy(KeyOf).OrderByDescending(static p => p.Count()).ToList();
        Forget(number);
        classes[number] = ClassOf(parts[0]);
        classNumbers[parts[0].Key] = number;
        foreach (var part in parts.Skip(1))
        {
            var own = Found(ClassOf(part));
            foreach (var place in part)
            {
                pods[place.Party.Name] = place with { Class = own };
            }
        }

        static PodClass ClassOf(IGrouping<PodClassKey, PodPlace> part) => part.Skip(1).Aggregate(new PodClass(part.Key, part.First()), static (podClass, place) => podClass.With(place));
    }

    /// <summary>Whether the pods of a class answer the news alike.</summary>
    private bool IsOfOneKind(PodClass podClass, News news, bool isMoved)
    {
        var example = pods[podClass.Example.Name];
        return podClass.Members.Count == 1 || podClass.Members.All(name => IsAlike(pods[name]));

        bool IsAlike(PodPlace place) => news.LabelKeys.All(key => interest.Seen(key, place.Pod.Metadata.Labels) == interest.Seen(key, example.Pod.Metadata.Labels))
            && (news.PortNames.Count == 0 || NewPortsOf(place, news).ToHashSet().SetEquals(NewPortsOf(example, news)))
            && (!isMoved || (CellOf(place.Party.V4), CellOf(place.Party.V6)) == (CellOf(example.Party.V4), CellOf(example.Party.V6)));
    }

    private static IEnumerable<(string Name, PortRange Port)> NewPortsOf(PodPlace place, News news) => NamedPorts.Of(place.Pod).Where(p => news.PortNames.Contains(p.Name));

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
    /// <param name="deciding">Policies of touched classes, and which those are.</param>
    private ClassPolicies?[] Refreshed(Direction direction, List<(CompiledPolicy Policy, BitSet Touched)> deciding)
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

        foreach (var (policy, own) in deciding)
        {
            var decides = policy.Model.Tier == PolicyTier.Network ? policy.Model.IsActive(direction) : policy.Rules(direction).Length > 0;
            foreach (var c in decides ? own.Members() : [])
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

    /// <summary>What policies ask for the first time.</summary>
    /// <param name="Presence">Label keys: whether a pod has one.</param>
    /// <param name="Values">Label keys: whether a pod has some value.</param>
    private sealed record News(HashSet<string> Presence, HashSet<string> Values, HashSet<string> PortNames)
    {
        public IEnumerable<string> LabelKeys { get; } = [.. Presence.Union(Values)];

        public bool IsNone => Presence.Count + Values.Count + PortNames.Count == 0;
    }
}
