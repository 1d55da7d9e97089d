using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies;

/// <summary>Who may talk to whom under a set of policies. Built once, then only read, by as many threads as wanted.</summary>
/// <remarks>Where network plugins differ: address blocks also match pods, a pod always reaches itself, and a pod and its own node always reach each other.</remarks>
public sealed class PolicyEngine
{
    private readonly PolicyCompiler compiler;
    private readonly ClassPolicies[] ingress;
    private readonly ClassPolicies[] egress;
    private readonly Dictionary<string, Party> byName = new(StringComparer.Ordinal);
    private readonly Dictionary<IpValue, Party> byAddress = [];

    private PolicyEngine(PolicyInputs inputs)
    {
        compiler = new PolicyCompiler(inputs);
        Policies = compiler.Policies();
        ingress = compiler.PoliciesOfClasses(Policies, Direction.Ingress);
        egress = compiler.PoliciesOfClasses(Policies, Direction.Egress);
        foreach (var party in compiler.Parties)
        {
            byName.TryAdd(party.Name, party);
            foreach (var address in party.ManagedPod is null ? [] : new[] { party.V4, party.V6 }.OfType<IpValue>())
            {
                byAddress.TryAdd(address, party);
            }
        }
    }

    /// <summary>Every policy, in the order in which they decide.</summary>
    public ImmutableArray<CompiledPolicy> Policies { get; }

    /// <summary>Every pod, also those that policies do not apply to.</summary>
    public ImmutableArray<Party> Parties => compiler.Parties;

    public PodClasses Pods => compiler.Pods;

    public AddressClasses Addresses => compiler.Addresses;

    public PortClasses Ports => compiler.Ports;

    /// <summary>Pod classes and address classes together; address class <c>a</c> has the number <c>Pods.Count + a</c>.</summary>
    public int Universe => compiler.Universe;

    public static PolicyEngine Build(PolicyInputs inputs) => new(inputs);

    /// <summary>A pod as <c>namespace/name</c>; null without one.</summary>
    public Party? PodNamed(string name) => byName.GetValueOrDefault(name);

    /// <summary>The pod that has an address, or the address itself.</summary>
    public Party At(IpValue address) => byAddress.TryGetValue(address, out var pod) ? pod.By(address) : Party.Of(address);

    /// <summary>The pods that a selection of one of its own policies matches, in the order of the inputs.</summary>
    public IEnumerable<Party> Matching(PodSelection selection)
    {
        var classes = compiler.Matching(selection);
        return Parties.Where(e => e.ManagedPod is not null && classes.Contains(Pods.ClassOf(e)));
    }

    public ClassPolicies PoliciesOf(int podClass, Direction direction) => direction == Direction.Ingress ? ingress[podClass] : egress[podClass];

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
        if (peer < 0 ? !rule.Rule.FromAnyone : !rule.Peers(family).Contains(peer))
        {
            return false;
        }

        return rule.Ports.Contains(portClass)
            || (rule.Named.Count > 0 && HasNamedPort(rule, rule.Rule.Reference.Direction == Direction.Ingress ? podClass : peer, portClass));
    }

    /// <summary>Whether one of a rule's named ports is this port on a destination.</summary>
    public bool HasNamedPort(CompiledRule rule, int destination, int portClass)
    {
        if (destination < 0 || destination >= Pods.Count)
        {
            return false;
        }

        foreach (var (name, port) in Pods[destination].NamedPorts)
        {
            if (Ports.ClassOf(port.Protocol, port.First) == portClass && rule.Names(name, port.Protocol))
            {
                return true;
            }
        }

        return false;
    }

    private int ClassOf(Party party, IpFamily family)
    {
        if (party.ManagedPod is not null)
        {
            // A pod that was asked for by one of its addresses is a copy.
            return Pods.ClassOf(party.Stated is null ? party : byName[party.Name]);
        }

        return (party.Address(family) ?? party.V4 ?? party.V6) is { } address ? Pods.Count + Addresses.ClassOf(address) : -1;
    }

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

        if (other.ManagedPod is null && compiler.NodeAddresses.TryGetValue(pod.Spec.NodeName, out var node) && node.Any(a => a == other.V4 || a == other.V6))
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
        if (policies.Isolating.Count > 0)
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

    private RuleModel? FirstMatch(IReadOnlyList<CompiledPolicy> policies, Direction direction, int podClass, int peer, IpFamily family, int portClass)
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
