using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Validation;

/// <summary>What the schemas of policy.networking.k8s.io ask of AdminNetworkPolicy, its baseline and ClusterNetworkPolicy.</summary>
public static class AdminPolicyValidation
{
    private const int MostRules = 100;
    private const int HighestPriority = 1000;

    private static readonly string[] AdminActions = ["Allow", "Deny", "Pass"];
    private static readonly string[] BaselineActions = ["Allow", "Deny"];
    private static readonly string[] ClusterActions = ["Accept", "Deny", "Pass"];

    /// <summary>Empty when it would be accepted.</summary>
    public static IEnumerable<PolicyFault> Of(AdminNetworkPolicy policy) => NetworkPolicyValidation.Metadata(policy.Metadata, isNamespaced: false)
        .Concat(policy.Spec.Priority is { } priority ? Priority(priority) : [PolicyFault.Required("spec.priority", "")])
        .Concat(Spec(policy.Spec, AdminActions));

    /// <summary>Empty when it would be accepted.</summary>
    public static IEnumerable<PolicyFault> Of(BaselineAdminNetworkPolicy policy) =>
        (policy.Metadata.Name == BaselineAdminNetworkPolicy.OnlyName ? [] : new[] { PolicyFault.Invalid("metadata.name", policy.Metadata.Name, "Only one baseline admin network policy with metadata.name=\"default\" can be created in the cluster") })
        .Concat(Spec(policy.Spec, BaselineActions));

    /// <summary>Empty when it would be accepted.</summary>
    public static IEnumerable<PolicyFault> Of(ClusterNetworkPolicy policy)
    {
        var spec = policy.Spec;
        return NetworkPolicyValidation.Metadata(policy.Metadata, isNamespaced: false)
            .Concat(spec.Tier is ClusterNetworkPolicySpec.AdminTier or ClusterNetworkPolicySpec.BaselineTier ? [] : [PolicyFault.Unsupported("spec.tier", spec.Tier, ClusterNetworkPolicySpec.AdminTier, ClusterNetworkPolicySpec.BaselineTier)])
            .Concat(Priority(spec.Priority))
            .Concat(Subject(spec.Subject))
            .Concat(AtMost(spec.Ingress.Count, MostRules, "spec.ingress"))
            .Concat(AtMost(spec.Egress.Count, MostRules, "spec.egress"))
            .Concat(spec.Ingress.SelectMany(static (rule, i) => Rule(rule.Action, ClusterActions, rule.From, $"spec.ingress[{i}]", "from").Concat(rule.Protocols.SelectMany((p, j) => Protocol(p, $"spec.ingress[{i}].protocols[{j}]")))))
            .Concat(spec.Egress.SelectMany(static (rule, i) => Rule(rule.Action, ClusterActions, rule.To, $"spec.egress[{i}]", "to").Concat(rule.Protocols.SelectMany((p, j) => Protocol(p, $"spec.egress[{i}].protocols[{j}]")))));
    }

    private static IEnumerable<PolicyFault> Spec(AdminNetworkPolicySpec spec, string[] actions) => Subject(spec.Subject)
        .Concat(AtMost(spec.Ingress.Count, MostRules, "spec.ingress"))
        .Concat(AtMost(spec.Egress.Count, MostRules, "spec.egress"))
        .Concat(spec.Ingress.SelectMany((rule, i) => Rule(rule.Action, actions, rule.From, $"spec.ingress[{i}]", "from").Concat(rule.Ports.SelectMany((p, j) => Port(p, $"spec.ingress[{i}].ports[{j}]")))))
        .Concat(spec.Egress.SelectMany((rule, i) => Rule(rule.Action, actions, rule.To, $"spec.egress[{i}]", "to").Concat(rule.Ports.SelectMany((p, j) => Port(p, $"spec.egress[{i}].ports[{j}]")))));

    private static IEnumerable<PolicyFault> Priority(int priority) =>
        priority is < 0 or > HighestPriority ? [PolicyFault.Invalid("spec.priority", priority, $"should be between 0 and {HighestPriority}")] : [];

    private static IEnumerable<PolicyFault> Subject(AdminPolicySubject subject) =>
        ExactlyOne("spec.subject", subject.Namespaces, subject.Pods).Concat(Selected(subject.Namespaces, subject.Pods, "spec.subject"));

    private static IEnumerable<PolicyFault> Selected(LabelSelector? namespaces, NamespacedPods? pods, string field) =>
        (namespaces is null ? [] : SelectorValidation.Of(namespaces, $"{field}.namespaces"))
        .Concat(pods is null ? [] : SelectorValidation.Of(pods.NamespaceSelector, $"{field}.pods.namespaceSelector").Concat(SelectorValidation.Of(pods.PodSelector, $"{field}.pods.podSelector")));

    private static IEnumerable<PolicyFault> Rule(string action, string[] actions, IReadOnlyList<AdminPolicyPeer> peers, string field, string side) =>
        (actions.Contains(action) ? [] : new[] { PolicyFault.Unsupported($"{field}.action", action, actions) })
        .Concat(peers.Count == 0 ? [PolicyFault.Invalid($"{field}.{side}", 0, $"{field}.{side} in body should have at least 1 items")] : [])
        .Concat(AtMost(peers.Count, MostRules, $"{field}.{side}"))
        .Concat(peers.SelectMany((peer, i) => Peer(peer, $"{field}.{side}[{i}]", side == "to")));

    private static IEnumerable<PolicyFault> Peer(AdminPolicyPeer peer, string field, bool isEgress)
    {
        object? networks = peer.Networks.Count > 0 ? peer.Networks : null;
        object? domains = peer.DomainNames.Count > 0 ? peer.DomainNames : null;
        return ExactlyOne(field, peer.Namespaces, peer.Pods, peer.Nodes, networks, domains)
            .Concat(isEgress || (peer.Nodes ?? networks ?? domains) is null ? [] : [PolicyFault.Forbidden(field, "nodes, networks and domainNames are peers of egress rules only")])
            .Concat(Selected(peer.Namespaces, peer.Pods, field))
            .Concat(peer.Nodes is null ? [] : SelectorValidation.Of(peer.Nodes, $"{field}.nodes"))
            .Concat(peer.Networks.SelectMany((network, i) => NetworkPolicyValidation.Network(network, $"{field}.networks[{i}]")));
    }

    private static IEnumerable<PolicyFault> Port(AdminNetworkPolicyPort port, string field) => ExactlyOne(field, port.PortNumber, port.NamedPort, port.PortRange)
        .Concat(port.PortNumber is { } number ? ProtocolName(number.Protocol, $"{field}.portNumber").Concat(NetworkPolicyValidation.Number(number.Port, $"{field}.portNumber.port")) : [])
        .Concat(port.PortRange is { } range ? ProtocolName(range.Protocol, $"{field}.portRange").Concat(Range(range.Start, range.End, $"{field}.portRange")) : []);

    private static IEnumerable<PolicyFault> Protocol(ClusterNetworkPolicyProtocol protocol, string field) => ExactlyOne(field, protocol.Tcp, protocol.Udp, protocol.Sctp, protocol.DestinationNamedPort)
        .Concat(new[] { ("tcp", protocol.Tcp), ("udp", protocol.Udp), ("sctp", protocol.Sctp) }.SelectMany(p => p.Item2?.DestinationPort is { } port ? Destination(port, $"{field}.{p.Item1}.destinationPort") : []));

    private static IEnumerable<PolicyFault> Destination(DestinationPort port, string field) => ExactlyOne(field, port.Number, port.Range)
        .Concat(port.Number is { } number ? NetworkPolicyValidation.Number(number, $"{field}.number") : [])
        .Concat(port.Range is { } range ? Range(range.Start, range.End, $"{field}.range") : []);

    private static IEnumerable<PolicyFault> Range(int start, int end, string field) => NetworkPolicyValidation.Number(start, $"{field}.start")
        .Concat(NetworkPolicyValidation.Number(end, $"{field}.end"))
        .Concat(start < end ? [] : [PolicyFault.Invalid(field, $"{start}-{end}", "Start port must be less than End port")]);

    private static IEnumerable<PolicyFault> ProtocolName(string protocol, string field) =>
        TransportProtocolText.Parse(protocol) is null ? [PolicyFault.Unsupported($"{field}.protocol", protocol, "TCP", "UDP", "SCTP")] : [];

    private static IEnumerable<PolicyFault> AtMost(int count, int most, string field) =>
        count > most ? [PolicyFault.Invalid(field, count, $"must have at most {most} items")] : [];

    private static IEnumerable<PolicyFault> ExactlyOne(string field, params object?[] choices) =>
        choices.Count(static c => c is not null) switch
        {
            0 => [PolicyFault.Invalid(field, 0, $"{field} in body should have at least 1 properties")],
            1 => [],
            var several => [PolicyFault.Invalid(field, several, $"{field} in body should have at most 1 properties")],
        };
}
