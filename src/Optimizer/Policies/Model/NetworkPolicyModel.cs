using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Model;

/// <summary>What networking.k8s.io/v1 says, with its defaults.</summary>
internal static class NetworkPolicyModel
{
    public static PolicyModel Of(NetworkPolicy policy)
    {
        var reference = new PolicyReference(policy.Kind, policy.Metadata.Namespace, policy.Metadata.Name);
        var spec = policy.Spec;
        return new PolicyModel(
            reference,
            PolicyTier.Network,
            0,
            new PodSelection(reference.Namespace, LabelSelector.Everything, spec.PodSelector),
            [.. IsolatedDirections(spec)],
            [
                .. spec.Ingress.Select((rule, index) => Rule(new RuleReference(reference, Direction.Ingress, index, ""), rule.From, rule.Ports)),
                .. spec.Egress.Select((rule, index) => Rule(new RuleReference(reference, Direction.Egress, index, ""), rule.To, rule.Ports)),
            ]);
    }

    private static IEnumerable<Direction> IsolatedDirections(NetworkPolicySpec spec)
    {
        var isUnstated = spec.PolicyTypes.Count == 0;
        if (isUnstated || spec.PolicyTypes.Contains(NetworkPolicySpec.Ingressing))
        {
            yield return Direction.Ingress;
        }

        if (spec.PolicyTypes.Contains(NetworkPolicySpec.Egressing) || (isUnstated && spec.Egress.Count > 0))
        {
            yield return Direction.Egress;
        }
    }

    private static RuleModel Rule(RuleReference reference, IReadOnlyList<NetworkPolicyPeer> peers, IReadOnlyList<NetworkPolicyPort> ports) =>
        new(reference, RuleAction.Allow, peers.Count == 0, [.. peers.Select(p => Peer(p, reference.Policy.Namespace))], [.. ports.Select(Port)]);

    private static PeerModel Peer(NetworkPolicyPeer peer, string ownNamespace)
    {
        if (peer.IpBlock is { } block)
        {
            return Network(block);
        }

        return peer switch
        {
            { NamespaceSelector: { } namespaces } => new PeerModel.Pods(new PodSelection(null, namespaces, peer.PodSelector ?? LabelSelector.Everything)),
            { PodSelector: { } pods } => new PeerModel.Pods(new PodSelection(ownNamespace, LabelSelector.Everything, pods)),
            _ => new PeerModel.Nobody(),
        };
    }

    private static PeerModel Network(IpBlock block) => Cidr.TryParse(block.Cidr, out var cidr)
        ? new PeerModel.Network(cidr, [.. block.Except.Select(static text => (IsBlock: Cidr.TryParse(text, out var except), except)).Where(static e => e.IsBlock).Select(static e => e.except)])
        : new PeerModel.Nobody();

    private static PortModel Port(NetworkPolicyPort port)
    {
        if (TransportProtocolText.Parse(port.Protocol ?? "TCP") is not { } protocol)
        {
            return new PortModel.Nothing();
        }

        return port.Port switch
        {
            null => new PortModel.Ports(new PortRange(protocol, 0, PortRange.Highest)),
            { Name: { } name } => new PortModel.Named(name, protocol),
            { Number: var number } => new PortModel.Ports(new PortRange(protocol, number, port.EndPort ?? number)),
        };
    }
}
