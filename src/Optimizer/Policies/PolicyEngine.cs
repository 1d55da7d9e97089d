using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Bits;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies;

/// <summary>Who may talk to whom under a set of policies. Never changes: <see cref="With"/> makes another one, so that as many threads as wanted may read.</summary>
/// <remarks>Where network plugins differ: address blocks also match pods, a pod always reaches itself, and a pod and its own node always reach each other.</remarks>
public sealed class PolicyEngine
{
    private readonly EngineState state;
    private readonly Lazy<ImmutableArray<Party>> parties;
    private readonly Lazy<ImmutableArray<int>> podClasses;

    private PolicyEngine(EngineState state)
    {
        this.state = state;
        parties = new(() => [.. state.Pods.OrderBy(static p => p.Key, StringComparer.Ordinal).Select(static p => p.Value.Party)]);
        podClasses = new(() => [.. state.Sets.V4[PeerSets.EveryPod].Members()]);
    }

    /// <summary>Every policy, in the order in which they decide.</summary>
    public ImmutableArray<CompiledPolicy> Policies => state.Policies;

    /// <summary>Every pod by name, also those that policies do not apply to.</summary>
    public ImmutableArray<Party> Parties => parties.Value;

    public AddressClasses Addresses => state.Addresses;

    public PortClasses Ports => state.Ports;

    /// <summary>The numbers of all pod classes, ascending.</summary>
    public ImmutableArray<int> PodClasses => podClasses.Value;

    /// <summary>Numbers of classes, of pods and of addresses, are below this.</summary>
    public int Universe => state.Classes.Length;

    /// <summary>All classes; read only.</summary>
    public BitSet Everyone => state.Sets.V4[PeerSets.Everyone];

    /// <summary>All pod classes; read only.</summary>
    public BitSet EveryPod => state.Sets.V4[PeerSets.EveryPod];

    /// <summary>How many policies were added since all was built anew: classes are only ever cut finer, so that much of it speaks for <see cref="Build"/>.</summary>
    public int Wear => state.Wear;

    /// <summary>Of several pods of one name the last counts.</summary>
    public static PolicyEngine Build(PolicyInputs inputs) => new PolicyEngine(EngineState.Empty).With(PolicyChange.All(inputs));

    /// <summary>The engine after a change; this one stays as it is.</summary>
    public PolicyEngine With(PolicyChange change)
    {
        var edit = new EngineEdit(state);
        edit.Change(change.PoliciesGone, [.. change.Models()]);
        foreach (var @namespace in change.NamespacesSet)
        {
            edit.Relabel(@namespace.Metadata.Name, @namespace.Metadata.Labels);
        }

        foreach (var name in change.NamespacesGone)
        {
            edit.Relabel(name, null);
        }

        foreach (var node in change.NodesSet)
        {
            edit.ChangeNode(node.Metadata.Name, ClusterNode.Of(node));
        }

        foreach (var name in change.NodesGone)
        {
            edit.ChangeNode(name, null);
        }

        foreach (var name in change.PodsGone)
        {
            edit.Leave(name);
        }

        foreach (var pod in change.PodsSet)
        {
            edit.Enter(pod);
        }

        var built = edit.Seal();
        return new PolicyEngine(ReferenceEquals(state, EngineState.Empty) ? built with { Wear = 0 } : built);
    }

    /// <summary>A pod as <c>namespace/name</c>; null without one.</summary>
    public Party? PodNamed(string name) => state.Pods.TryGetValue(name, out var place) ? place.Party : null;

    /// <summary>The pod that has an address, or the address itself.</summary>
    public Party At(IpValue address) => state.PodsAt.TryGetValue(address, out var names) ? state.Pods[names[0]].Party.By(address) : Party.Of(address);

    /// <summary>A class of pods; null for a number of addresses.</summary>
    public PodClass? PodClass(int number) => number >= 0 ? state.Classes[number] : null;

    /// <summary>The class of a pod that policies apply to.</summary>
    public int ClassOf(Party pod) => state.Pods[pod.Name].Class;

    /// <summary>Number of a party's class; -1 for one without an address.</summary>
    public int ClassOf(Party party, IpFamily family)
    {
        if (party.ManagedPod is not null)
        {
            return ClassOf(party);
        }

        return (party.Address(family) ?? party.V4 ?? party.V6) is { } address ? Addresses.ClassOf(address) : -1;
    }

    /// <summary>The pods that a selection of one of its own policies matches, by name.</summary>
    public IEnumerable<Party> Matching(PodSelection selection)
    {
        var matching = PodClasses.Where(c => Selects(selection, state.Classes[c]!)).SelectMany(c => state.Classes[c]!.Members);
        return matching.Order(StringComparer.Ordinal).Select(name => state.Pods[name].Party);
    }

    /// <summary>The pod classes that a policy applies to; read only.</summary>
    public BitSet SubjectsOf(CompiledPolicy policy) => state.Sets.V4[policy.Subjects];

    public ClassPolicies PoliciesOf(int podClass, Direction direction) => state.Of(direction)[podClass] ?? ClassPolicies.None;

    /// <summary>Whom a rule is about, when a connection uses a family; read only.</summary>
    public BitSet PeersOf(CompiledRule rule, IpFamily family)
    {
        if (rule.Peers.Length == 1)
        {
            return state.Sets.Of(rule.Peers[0], family);
        }

        var peers = new BitSet(Universe);
        foreach (var number in rule.Peers)
        {
            peers.Or(state.Sets.Of(number, family));
        }

        return peers;
    }

    /// <summary>Whom one of a rule's peers is about.</summary>
    internal BitSet PeersOf(int number, IpFamily family) => state.Sets.Of(number, family);

    /// <summary>Whether it makes no difference to a rule's peers which family a connection uses.</summary>
    public bool IsOfEitherFamily(CompiledRule rule)
    {
        foreach (var number in rule.Peers)
        {
            if (!ReferenceEquals(state.Sets.V4[number], state.Sets.V6[number]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The port classes that a rule states by number; read only.</summary>
    public BitSet PortsOf(CompiledRule rule) => state.PortSets[rule.Ports];

    /// <summary>Whether a new connection comes about, and why.</summary>
    /// <param name="port">Destination port, 0 to 65535.</param>
    public Verdict Ask(Party from, Party to, TransportProtocol protocol, int port)
    {
        var family = Party.FamilyOf(from, to);
        var portClass = Ports.ClassOf(protocol, port);
        var (source, destination) = (ClassOf(from, family), ClassOf(to, family));
        return new Verdict(
            Side(from, to, Direction.Egress, family, source, destination, portClass),
            Side(to, from, Direction.Ingress, family, destination, source, portClass));
    }

    /// <summary>Whether a rule of a pod class matches a peer on a port.</summary>
    /// <param name="peer">Class of the other side; -1 for one without an address.</param>
    public bool Matches(CompiledRule rule, int podClass, int peer, IpFamily family, int portClass)
    {
        if (peer < 0 ? !rule.Rule.FromAnyone : !IsPeer(rule, peer, family))
        {
            return false;
        }

        return state.PortSets[rule.Ports].Contains(portClass)
            || (!rule.Named.IsEmpty && HasNamedPort(rule, rule.Rule.Reference.Direction == Direction.Ingress ? podClass : peer, portClass));
    }

    /// <summary>Whether one of a rule's named ports is this port on a destination.</summary>
    public bool HasNamedPort(CompiledRule rule, int destination, int portClass)
    {
        if (PodClass(destination) is not { NamedPorts: var ports })
        {
            return false;
        }

        foreach (var (name, port) in ports)
        {
            if (rule.Names(name, port.Protocol) && Ports.ClassOf(port.Protocol, port.First) == portClass)
            {
                return true;
            }
        }

        return false;
    }

    private bool IsPeer(CompiledRule rule, int peer, IpFamily family)
    {
        foreach (var number in rule.Peers)
        {
            if (state.Sets.Of(number, family).Contains(peer))
            {
                return true;
            }
        }

        return false;
    }

    private bool Selects(PodSelection selection, PodClass podClass) =>
        state.Sets.Selections.MatchesNamespace(selection, podClass.Namespace) && SelectorMatch.Matches(selection.Pods, podClass.Labels);

    private SideVerdict Side(Party own, Party other, Direction direction, IpFamily family, int podClass, int peer, int portClass)
    {
        if (own.ManagedPod is not { } pod)
        {
            return SideVerdict.Always(VerdictReason.NoPod);
        }

        if (other.ManagedPod is not null && own.Name == other.Name)
        {
            return SideVerdict.Always(VerdictReason.Itself);
        }

        if (other.ManagedPod is null && state.Nodes.TryGetValue(pod.Spec.NodeName, out var node) && node.Addresses.Any(a => a == other.V4 || a == other.V6))
        {
            return SideVerdict.Always(VerdictReason.OwnNode);
        }

        var policies = PoliciesOf(podClass, direction);
        var decided = FirstMatch(policies.Admin, direction, podClass, peer, family, portClass);
        if (decided is { Action: not RuleAction.Pass })
        {
            return new SideVerdict(decided.Action == RuleAction.Allow, VerdictReason.Rule, [decided.Reference], [], null);
        }

        var passed = decided?.Reference;
        if (!policies.Isolating.IsEmpty)
        {
            var allowing = ImmutableArray.CreateBuilder<RuleReference>();
            foreach (var policy in policies.Isolating)
            {
                foreach (var rule in policy.Rules(direction))
                {
                    if (Matches(rule, podClass, peer, family, portClass))
                    {
                        allowing.Add(rule.Rule.Reference);
                    }
                }
            }

            return new SideVerdict(
                allowing.Count > 0,
                allowing.Count > 0 ? VerdictReason.Rule : VerdictReason.Isolated,
                allowing.DrainToImmutable(),
                [.. policies.Isolating.Select(static p => p.Model.Reference)],
                passed);
        }

        return FirstMatch(policies.Baseline, direction, podClass, peer, family, portClass) is { Action: not RuleAction.Pass } baseline
            ? new SideVerdict(baseline.Action == RuleAction.Allow, VerdictReason.Rule, [baseline.Reference], [], passed)
            : new SideVerdict(true, VerdictReason.NoPolicy, [], [], passed);
    }

    private RuleModel? FirstMatch(ImmutableArray<CompiledPolicy> policies, Direction direction, int podClass, int peer, IpFamily family, int portClass)
    {
        foreach (var policy in policies)
        {
            foreach (var rule in policy.Rules(direction))
            {
                if (Matches(rule, podClass, peer, family, portClass))
                {
                    return rule.Rule;
                }
            }
        }

        return null;
    }
}
