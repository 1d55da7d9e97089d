using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Model;

/// <summary>What policy.networking.k8s.io says: AdminNetworkPolicy and its baseline (v1alpha1), ClusterNetworkPolicy (v1alpha2).</summary>
internal static class AdminPolicyModel
{
    public static PolicyModel Of(AdminNetworkPolicy policy) => Of(policy, policy.Spec, PolicyTier.Admin);

    public static PolicyModel Of(BaselineAdminNetworkPolicy policy) => Of(policy, policy.Spec, PolicyTier.Baseline);

    public static PolicyModel Of(ClusterNetworkPolicy policy)
    {
        var reference = new PolicyReference(policy.Kind, "", policy.Metadata.Name);
        return new PolicyModel(
            reference,
            policy.Spec.Tier == ClusterNetworkPolicySpec.BaselineTier ? PolicyTier.Baseline : PolicyTier.Admin,
            policy.Spec.Priority,
            Subject(policy.Spec.Subject),
            [],
            [
                .. policy.Spec.Ingress.Select((rule, index) => Rule(new RuleReference(reference, Direction.Ingress, index, rule.Name), rule.Action, rule.From, rule.Protocols.SelectMany(Ports))),
                .. policy.Spec.Egress.Select((rule, index) => Rule(new RuleReference(reference, Direction.Egress, index, rule.Name), rule.Action, rule.To, rule.Protocols.SelectMany(Ports))),
            ]);
    }

    private static PolicyModel Of(IKubernetesObject policy, AdminNetworkPolicySpec spec, PolicyTier tier)
    {
        var reference = new PolicyReference(policy.Kind, "", policy.Metadata.Name);
        return new PolicyModel(
            reference,
            tier,
            spec.Priority ?? 0,
            Subject(spec.Subject),
            [],
            [
                .. spec.Ingress.Select((rule, index) => Rule(new RuleReference(reference, Direction.Ingress, index, rule.Name), rule.Action, rule.From, rule.Ports.Select(Port))),
                .. spec.Egress.Select((rule, index) => Rule(new RuleReference(reference, Direction.Egress, index, rule.Name), rule.Action, rule.To, rule.Ports.Select(Port))),
            ]);
    }

    private static PodSelection Subject(AdminPolicySubject subject) => subject switch
    {
        { Namespaces: { } namespaces } => new PodSelection(null, namespaces, LabelSelector.Everything),
        { Pods: { } pods } => new PodSelection(null, pods.NamespaceSelector, pods.PodSelector),
        _ => new PodSelection("", LabelSelector.Everything, LabelSelector.Everything),
    };

    // Unlike in a NetworkPolicy, a rule without peers is about nobody: the API asks for one at least.
    private static RuleModel Rule(RuleReference reference, string action, IReadOnlyList<AdminPolicyPeer> peers, IEnumerable<PortModel> ports) =>
        peers.Any(IsUnknown)
            ? new(reference, Action(action) == RuleAction.Allow ? RuleAction.Allow : RuleAction.Deny, Action(action) != RuleAction.Allow, [], [.. ports])
            : new(reference, Action(action), false, [.. peers.SelectMany(Peers)], [.. ports]);

    // A peer without fields is one of a later version: the API asks to fail closed, so that Allow is about nobody, and Deny and Pass deny everybody.
    private static bool IsUnknown(AdminPolicyPeer peer) => peer is { Namespaces: null, Pods: null, Nodes: null, Networks.Count: 0, DomainNames.Count: 0 };

    // An action that we do not know must not open anything.
    private static RuleAction Action(string action) => action switch
    {
        "Allow" or "Accept" => RuleAction.Allow,
        "Pass" => RuleAction.Pass,
        _ => RuleAction.Deny,
    };

    private static IEnumerable<PeerModel> Peers(AdminPolicyPeer peer)
    {
        if (peer.Namespaces is { } namespaces)
        {
            yield return new PeerModel.Pods(new PodSelection(null, namespaces, LabelSelector.Everything));
        }

        if (peer.Pods is { } pods)
        {
            yield return new PeerModel.Pods(new PodSelection(null, pods.NamespaceSelector, pods.PodSelector));
        }

        if (peer.Nodes is { } nodes)
        {
            yield return new PeerModel.Nodes(nodes);
        }

        foreach (var network in peer.Networks)
        {
            yield return Cidr.TryParse(network, out var cidr) ? new PeerModel.Network(cidr, []) : new PeerModel.Nobody();
        }
    }

    private static PortModel Port(AdminNetworkPolicyPort port) => port switch
    {
        { PortNumber: { } number } => Range(number.Protocol, number.Port, number.Port),
        { PortRange: { } range } => Range(range.Protocol, range.Start, range.End),
        { NamedPort: { } name } => new PortModel.Named(name, null),
        _ => new PortModel.Nothing(),
    };

    private static PortModel Range(string protocol, int first, int last) =>
        TransportProtocolText.Parse(protocol) is { } known ? new PortModel.Ports(new PortRange(known, first, last)) : new PortModel.Nothing();

    private static IEnumerable<PortModel> Ports(ClusterNetworkPolicyProtocol protocol)
    {
        var stated = new[] { (TransportProtocol.Tcp, protocol.Tcp), (TransportProtocol.Udp, protocol.Udp), (TransportProtocol.Sctp, protocol.Sctp) };
        foreach (var (known, ports) in stated)
        {
            if (ports is not null)
            {
                yield return new PortModel.Ports(PortsOf(known, ports.DestinationPort));
            }
        }

        if (protocol.DestinationNamedPort is { } name)
        {
            yield return new PortModel.Named(name, null);
        }
        else if (stated.All(static s => s.Item2 is null))
        {
            yield return new PortModel.Nothing();
        }
    }

    private static PortRange PortsOf(TransportProtocol protocol, DestinationPort? port) => port switch
    {
        { Number: { } number } => new PortRange(protocol, number, number),
        { Range: { } range } => new PortRange(protocol, range.Start, range.End),
        _ => new PortRange(protocol, 0, PortRange.Highest),
    };
}
