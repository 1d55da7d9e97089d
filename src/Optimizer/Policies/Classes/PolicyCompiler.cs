using System.Collections.Concurrent;
using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Bits;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>Turns policies, pods, namespaces and nodes into classes and sets of classes.</summary>
internal sealed class PolicyCompiler
{
    private readonly ImmutableArray<PolicyModel> models;
    private readonly ImmutableDictionary<string, ImmutableArray<IpValue>> nodeAddresses;
    private readonly LabelIndex podLabels;
    private readonly LabelIndex namespaceLabels;
    private readonly LabelIndex nodeLabels;
    private readonly List<string> namespaceNames;
    private readonly List<Node> nodes;
    private readonly BitSet[] classesOfNamespace;
    private readonly List<int>[] podClassesAt;
    private readonly ConcurrentDictionary<string, BitSet> classesOfNamespaces = new(StringComparer.Ordinal);
    private readonly bool hasDualStack;

    public PolicyCompiler(PolicyInputs inputs)
    {
        models =
        [
            .. inputs.NetworkPolicies.Select(NetworkPolicyModel.Of),
            .. inputs.AdminNetworkPolicies.Select(AdminPolicyModel.Of),
            .. inputs.BaselineAdminNetworkPolicies.Select(AdminPolicyModel.Of),
            .. inputs.ClusterNetworkPolicies.Select(AdminPolicyModel.Of),
        ];
        nodes = [.. inputs.Nodes];
        nodeAddresses = nodes.GroupBy(static n => n.Metadata.Name, StringComparer.Ordinal)
            .ToImmutableDictionary(static g => g.Key, static g => g.SelectMany(AddressesOf).ToImmutableArray(), StringComparer.Ordinal);
        Parties = [.. inputs.Pods.Select(p => Party.Of(p, nodeAddresses.GetValueOrDefault(p.Spec.NodeName, [])))];

        var rules = models.SelectMany(static m => m.Rules).ToList();
        Addresses = new AddressClasses(Blocks(rules));
        var named = rules.SelectMany(static r => r.Ports).OfType<PortModel.Named>().Select(static n => n.Name).ToHashSet(StringComparer.Ordinal);
        Pods = new PodClasses(Parties.Where(static e => e.ManagedPod is not null), LabelKeys(rules), named, Addresses);
        Ports = new PortClasses(rules.SelectMany(static r => r.Ports).OfType<PortModel.Ports>().Select(static p => p.Range)
            .Concat(Enumerable.Range(0, Pods.Count).SelectMany(c => Pods[c].NamedPorts.Select(static p => p.Port))));
        Universe = Pods.Count + Addresses.Count;

        var noLabels = new Dictionary<string, string>(StringComparer.Ordinal);
        podLabels = new LabelIndex([.. Enumerable.Range(0, Universe).Select(i => i < Pods.Count ? Pods[i].Labels : noLabels)]);
        nodeLabels = new LabelIndex([.. nodes.Select(static n => n.Metadata.Labels)]);
        var labelsOf = inputs.Namespaces.GroupBy(static n => n.Metadata.Name, StringComparer.Ordinal).ToDictionary(static g => g.Key, static g => g.First().Metadata.Labels, StringComparer.Ordinal);
        namespaceNames = [.. labelsOf.Keys.Concat(Enumerable.Range(0, Pods.Count).Select(c => Pods[c].Namespace)).Distinct(StringComparer.Ordinal)];
        namespaceLabels = new LabelIndex([.. namespaceNames.Select(name => new Dictionary<string, string>(labelsOf.GetValueOrDefault(name, noLabels), StringComparer.Ordinal) { [Namespace.NameLabel] = name })]);

        classesOfNamespace = [.. namespaceNames.Select(_ => new BitSet(Universe))];
        podClassesAt = [.. Enumerable.Range(0, Addresses.Count).Select(static _ => new List<int>())];
        for (var c = 0; c < Pods.Count; c++)
        {
            classesOfNamespace[namespaceNames.IndexOf(Pods[c].Namespace)].Add(c);
            hasDualStack |= Pods[c].IsDualStack;
            foreach (var at in new[] { Pods[c].V4, Pods[c].V6 }.OfType<int>())
            {
                podClassesAt[at].Add(c);
            }
        }
    }

    /// <summary>Every pod, in the order of the inputs.</summary>
    public ImmutableArray<Party> Parties { get; }

    public PodClasses Pods { get; }

    public AddressClasses Addresses { get; }

    public PortClasses Ports { get; }

    /// <summary>Number of pod classes and address classes together.</summary>
    public int Universe { get; }

    public ImmutableDictionary<string, ImmutableArray<IpValue>> NodeAddresses => nodeAddresses;

    /// <summary>In the order in which they decide within their tier; ties by name, because some order must hold.</summary>
    public ImmutableArray<CompiledPolicy> Policies() =>
        [.. models.OrderBy(static m => m.Tier).ThenBy(static m => m.Priority).ThenBy(static m => m.Reference.ToString(), StringComparer.Ordinal).Select(CompilePolicy)];

    /// <summary>The policies of each pod class in one direction.</summary>
    public ClassPolicies[] PoliciesOfClasses(ImmutableArray<CompiledPolicy> policies, Direction direction)
    {
        var result = new (List<CompiledPolicy> Admin, List<CompiledPolicy> Network, List<CompiledPolicy> Baseline)[Pods.Count];
        for (var c = 0; c < result.Length; c++)
        {
            result[c] = ([], [], []);
        }

        foreach (var policy in policies)
        {
            var decides = policy.Model.Tier == PolicyTier.Network ? policy.Model.IsActive(direction) : policy.Rules(direction).Count > 0;
            foreach (var c in decides ? policy.Subjects.Members() : [])
            {
                (policy.Model.Tier switch
                {
                    PolicyTier.Admin => result[c].Admin,
                    PolicyTier.Network => result[c].Network,
                    _ => result[c].Baseline,
                }).Add(policy);
            }
        }

        return [.. result.Select(static r => new ClassPolicies(r.Admin, r.Network, r.Baseline))];
    }

    /// <summary>The classes of pods that a selection matches; read only.</summary>
    public BitSet Matching(PodSelection selection)
    {
        var matching = podLabels.Matching(selection.Pods);
        if (selection.OwnNamespace is { } own)
        {
            var index = namespaceNames.IndexOf(own);
            return index < 0 ? new BitSet(Universe) : classesOfNamespace[index].Copy().And(matching);
        }

        return InNamespaces(selection.Namespaces).Copy().And(matching);
    }

    private CompiledPolicy CompilePolicy(PolicyModel model) => new(
        model,
        Matching(model.Subject),
        Rules(model, Direction.Ingress),
        Rules(model, Direction.Egress));

    private List<CompiledRule> Rules(PolicyModel model, Direction direction) =>
        model.IsActive(direction) ? [.. model.Rules.Where(r => r.Reference.Direction == direction).Select(CompileRule)] : [];

    private CompiledRule CompileRule(RuleModel rule)
    {
        var ports = rule.Ports.IsEmpty ? BitSet.All(Ports.Count) : new BitSet(Ports.Count);
        foreach (var range in rule.Ports.OfType<PortModel.Ports>())
        {
            Ports.AddTo(ports, range.Range);
        }

        var v4 = rule.FromAnyone ? BitSet.All(Universe) : new BitSet(Universe);
        var v6 = hasDualStack && rule.Peers.Any(static p => p is PeerModel.Network) ? v4.Copy() : v4;
        foreach (var peer in rule.Peers)
        {
            switch (peer)
            {
                case PeerModel.Pods pods:
                    var matching = Matching(pods.Selection);
                    v4.Or(matching);
                    v6.Or(matching);
                    break;
                case PeerModel.Network network:
                    Add(network, v4, v6);
                    break;
                case PeerModel.Nodes selected:
                    foreach (var at in nodeLabels.Matching(selected.Selector).Members().SelectMany(n => AddressesOf(nodes[n])))
                    {
                        v4.Add(Pods.Count + Addresses.ClassOf(at));
                        v6.Add(Pods.Count + Addresses.ClassOf(at));
                    }

                    break;
                default:
                    break;
            }
        }

        return new CompiledRule(rule, v4, v6, ports, [.. rule.Ports.OfType<PortModel.Named>()]);
    }

    private void Add(PeerModel.Network network, BitSet v4, BitSet v6)
    {
        var classes = Addresses.ClassesOf(network.Block);
        foreach (var except in network.Except)
        {
            classes.AndNot(Addresses.ClassesOf(except));
        }

        foreach (var at in classes.Members())
        {
            v4.Add(Pods.Count + at);
            v6.Add(Pods.Count + at);
            foreach (var c in podClassesAt[at])
            {
                if (!Pods[c].IsDualStack || network.Block.Family == IpFamily.V4)
                {
                    v4.Add(c);
                }

                if (!Pods[c].IsDualStack || network.Block.Family == IpFamily.V6)
                {
                    v6.Add(c);
                }
            }
        }
    }

    private BitSet InNamespaces(LabelSelector selector) => classesOfNamespaces.GetOrAdd(
        LabelIndex.TextOf(selector),
        static (_, arguments) =>
        {
            var classes = new BitSet(arguments.Compiler.Universe);
            foreach (var index in arguments.Compiler.namespaceLabels.Matching(arguments.Selector).Members())
            {
                classes.Or(arguments.Compiler.classesOfNamespace[index]);
            }

            return classes;
        },
        (Compiler: this, Selector: selector));

    private IEnumerable<Cidr> Blocks(List<RuleModel> rules)
    {
        var peers = rules.SelectMany(static r => r.Peers).ToList();
        var blocks = peers.OfType<PeerModel.Network>().SelectMany(static n => n.Except.Prepend(n.Block));
        return peers.Exists(static p => p is PeerModel.Nodes) ? blocks.Concat(nodes.SelectMany(AddressesOf).Select(static a => Cidr.Of(a))) : blocks;
    }

    private HashSet<string> LabelKeys(List<RuleModel> rules) =>
        models.Select(static m => m.Subject.Pods)
            .Concat(rules.SelectMany(static r => r.Peers).OfType<PeerModel.Pods>().Select(static p => p.Selection.Pods))
            .SelectMany(static s => s.MatchLabels.Keys.Concat(s.MatchExpressions.Select(static e => e.Key)))
            .ToHashSet(StringComparer.Ordinal);

    private static IEnumerable<IpValue> AddressesOf(Node node)
    {
        foreach (var address in node.Status.Addresses)
        {
            if (IpValue.TryParse(address.Address, out var value))
            {
                yield return value;
            }
        }
    }
}
