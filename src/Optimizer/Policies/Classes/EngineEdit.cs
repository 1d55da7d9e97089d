using System.Collections.Immutable;
using System.Text;
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
    private readonly ImmutableHashSet<string>.Builder labelKeys;
    private readonly ImmutableHashSet<string>.Builder portNames;
    private readonly List<PodClass?> classes;
    private readonly ImmutableDictionary<string, int>.Builder classNumbers;
    private readonly ImmutableDictionary<string, PodPlace>.Builder pods;
    private readonly ImmutableDictionary<IpValue, ImmutableSortedSet<string>>.Builder podsAt;
    private readonly ImmutableDictionary<string, ClusterNode>.Builder nodes;
    private readonly EngineState old;

    /// <summary>Classes of which another set of policies may decide than before.</summary>
    private readonly BitSet touched = new(0);
    private readonly List<int> freed = [];

    /// <summary>Address classes that were cut since pods were last put into other classes.</summary>
    private BitSet cutFrom = new(0);
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
        labelKeys = state.LabelKeys.ToBuilder();
        portNames = state.PortNames.ToBuilder();
        classes = [.. state.Classes];
        classNumbers = state.ClassNumbers.ToBuilder();
        freeNumbers = state.FreeNumbers;
        pods = state.Pods.ToBuilder();
        podsAt = state.PodsAt.ToBuilder();
        nodes = state.Nodes.ToBuilder();
        (policies, addresses, ports, wear) = (state.Policies, state.Addresses, state.Ports, state.Wear);
    }

    public EngineState Seal()
    {
        var (ingress, egress) = (Refreshed(Direction.Ingress), Refreshed(Direction.Egress));
        return new EngineState
        {
            Sets = sets.Seal(),
            Addresses = addresses,
            Ports = ports,
            PortSets = portSets.ToImmutable(),
            PortSetNumbers = portSetNumbers.ToImmutable(),
            LabelKeys = labelKeys.ToImmutable(),
            PortNames = portNames.ToImmutable(),
            Classes = [.. classes],
            ClassNumbers = classNumbers.ToImmutable(),
            FreeNumbers = freed.Aggregate(freeNumbers, static (free, number) => free.Push(number)),
            Pods = pods.ToImmutable(),
            PodsAt = podsAt.ToImmutable(),
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
            Rekey(static _ => false);
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
            && (known.Party.V4, known.Party.V6) == (party.V4, party.V6) && ClassOf(pod, party).Key == classes[known.Class]!.Key)
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
        var fresh = ClassOf(pod, party);
        if (!classNumbers.TryGetValue(fresh.Key, out var number))
        {
            number = NextNumber();
            classNumbers.Add(fresh.Key, number);
            classes[number] = fresh;
            Cut(fresh.NamedPorts.Select(static p => p.Port));
            sets.Enter(number, fresh);
            touched.Add(number);
        }

        classes[number] = classes[number]! with { Members = classes[number]!.Members.Add(party.Name) };
        pods[party.Name] = new PodPlace(pod, party, number);
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

    private PodClass ClassOf(Pod pod, Party party)
    {
        int? v4 = party.V4 is { } four ? addresses.ClassOf(four) : null;
        int? v6 = party.V6 is { } six ? addresses.ClassOf(six) : null;
        var labels = pod.Metadata.Labels.Where(l => labelKeys.Contains(l.Key)).OrderBy(static l => l.Key, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        var named = NamedPorts.Of(pod).Where(p => portNames.Contains(p.Name)).Distinct()
            .OrderBy(static p => p.Name, StringComparer.Ordinal).ThenBy(static p => p.Port.Protocol).ThenBy(static p => p.Port.First).ToList();
        var key = new StringBuilder().Append(pod.Metadata.Namespace).Append('\n').Append(v4).Append('\n').Append(v6).Append('\n').Append((int)party.Primary).Append('\n');
        foreach (var (label, value) in labels)
        {
            // An absent label and an empty one are not the same.
            key.Append(label).Append('\0').Append(value).Append('\n');
        }

        key.Append('\n').AppendJoin('\n', named);
        return new PodClass(key.ToString(), pod.Metadata.Namespace, labels, named, v4, v6, party.Primary, Names);
    }

    /// <summary>Cuts all classes as fine as new policies ask for.</summary>
    private void Learn(IReadOnlyCollection<PolicyModel> models)
    {
        var rules = models.SelectMany(static m => m.Rules).ToList();
        var peers = rules.SelectMany(static r => r.Peers).ToList();
        var newKeys = models.Select(static m => m.Subject.Pods).Concat(peers.OfType<PeerModel.Pods>().Select(static p => p.Selection.Pods)).SelectMany(SelectorMatch.Keys).Where(labelKeys.Add).ToHashSet(StringComparer.Ordinal);
        var newNames = rules.SelectMany(static r => r.Ports).OfType<PortModel.Named>().Select(static n => n.Name).Where(portNames.Add).ToHashSet(StringComparer.Ordinal);
        Cut(peers.OfType<PeerModel.Network>().SelectMany(static n => n.Except.Prepend(n.Block)));
        if (!sets.HasNodes && peers.Exists(static p => p is PeerModel.Nodes))
        {
            Cut(nodes.Values.SelectMany(static n => n.Addresses).Select(static a => Cidr.Of(a)));
        }

        Cut(rules.SelectMany(static r => r.Ports).OfType<PortModel.Ports>().Select(static p => p.Range));
        if (newKeys.Count > 0 || newNames.Count > 0 || !cutFrom.IsEmpty)
        {
            Rekey(pod => pod.Metadata.Labels.Keys.Any(newKeys.Contains) || (newNames.Count > 0 && NamedPorts.Of(pod).Any(p => newNames.Contains(p.Name))));
        }
    }

    /// <summary>Puts pods into other classes: those that now differ, and those of addresses that were cut off.</summary>
    private void Rekey(Func<Pod, bool> differs)
    {
        var cutOff = cutFrom;
        cutFrom = new BitSet(0);
        var moving = pods.Where(p => p.Value.Class >= 0 && (differs(p.Value.Pod) || IsCutOff(p.Value.Party, classes[p.Value.Class]!))).ToList();
        foreach (var (name, place) in moving)
        {
            Quit(name, place.Class);
            Place(place.Pod, place.Party);
        }

        bool IsCutOff(Party party, PodClass own) =>
            (own.V4 is { } v4 && cutOff.Contains(v4) && addresses.ClassOf(party.V4!.Value) != v4)
            || (own.V6 is { } v6 && cutOff.Contains(v6) && addresses.ClassOf(party.V6!.Value) != v6);
    }

    private void Cut(IEnumerable<Cidr> blocks) => addresses = addresses.Cut([.. blocks], NextNumber, (from, number) =>
    {
        sets.Cut(from, number);
        cutFrom.Add(from);
    });

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
