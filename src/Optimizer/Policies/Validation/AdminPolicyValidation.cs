using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Validation;

/// <summary>What the schemas of policy.networking.k8s.io ask of AdminNetworkPolicy, its baseline and ClusterNetworkPolicy.</summary>
public static class AdminPolicyValidation
{
    private const int HighestPriority = 1000;
    private const int LongestRuleName = 100;
    private const int MostAddresses = 25;

    /// <summary>Rules of a direction, peers of a rule and ports of a rule: of v1alpha1 and of v1alpha2.</summary>
    private const int Most = 100;
    private const int MostOfCluster = 25;

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
            .Concat(AtMost(spec.Ingress.Count, MostOfCluster, "spec.ingress"))
            .Concat(AtMost(spec.Egress.Count, MostOfCluster, "spec.egress"))
            .Concat(spec.Ingress.SelectMany(static (rule, i) => ClusterRule(rule, rule.From, $"spec.ingress[{i}]", "from")))
            .Concat(spec.Egress.SelectMany(static (rule, i) => ClusterRule(rule, rule.To, $"spec.egress[{i}]", "to")));
    }

    private static IEnumerable<PolicyFault> ClusterRule(ClusterNetworkPolicyRule rule, IReadOnlyList<AdminPolicyPeer> peers, string field, string side) =>
        Rule(rule.Name, rule.Action, ClusterActions, peers, MostOfCluster, rule.Protocols.Any(static p => p.DestinationNamedPort is not null), field, side)
            .Concat(AtMost(rule.Protocols.Count, MostOfCluster, $"{field}.protocols"))
            .Concat(rule.Protocols.SelectMany((p, i) => Protocol(p, $"{field}.protocols[{i}]")));

    private static IEnumerable<PolicyFault> Spec(AdminNetworkPolicySpec spec, string[] actions) => Subject(spec.Subject)
        .Concat(AtMost(spec.Ingress.Count, Most, "spec.ingress"))
        .Concat(AtMost(spec.Egress.Count, Most, "spec.egress"))
        .Concat(spec.Ingress.SelectMany((rule, i) => AdminRule(rule, actions, rule.From, $"spec.ingress[{i}]", "from")))
        .Concat(spec.Egress.SelectMany((rule, i) => AdminRule(rule, actions, rule.To, $"spec.egress[{i}]", "to")));

    private static IEnumerable<PolicyFault> AdminRule(AdminNetworkPolicyRule rule, string[] actions, IReadOnlyList<AdminPolicyPeer> peers, string field, string side) =>
        Rule(rule.Name, rule.Action, actions, peers, Most, rule.Ports.Any(static p => p.NamedPort is not null), field, side)
            .Concat(AtMost(rule.Ports.Count, Most, $"{field}.ports"))
            .Concat(rule.Ports.SelectMany((p, i) => Port(p, $"{field}.ports[{i}]")));

    private static IEnumerable<PolicyFault> Priority(int priority) => Between(priority, 0, HighestPriority, "spec.priority");

    /// <summary>As a schema's minimum and maximum say it.</summary>
    private static IEnumerable<PolicyFault> Between(int value, int lowest, int highest, string field) =>
        value < lowest ? [PolicyFault.Invalid(field, value, $"{field} in body should be greater than or equal to {lowest}")]
        : value > highest ? [PolicyFault.Invalid(field, value, $"{field} in body should be less than or equal to {highest}")]
        : [];

    private static IEnumerable<PolicyFault> PortNumber(int port, string field) => Between(port, 1, PortRange.Highest, field);

    private static IEnumerable<PolicyFault> Subject(AdminPolicySubject subject) =>
        ExactlyOne("spec.subject", subject.Namespaces, subject.Pods).Concat(Selected(subject.Namespaces, subject.Pods, "spec.subject"));

    private static IEnumerable<PolicyFault> Selected(LabelSelector? namespaces, NamespacedPods? pods, string field) =>
        (namespaces is null ? [] : SelectorValidation.Of(namespaces, $"{field}.namespaces"))
        .Concat(pods is null ? [] : SelectorValidation.Of(pods.NamespaceSelector, $"{field}.pods.namespaceSelector").Concat(SelectorValidation.Of(pods.PodSelector, $"{field}.pods.podSelector")));

    private static IEnumerable<PolicyFault> Rule(string name, string action, string[] actions, IReadOnlyList<AdminPolicyPeer> peers, int mostPeers, bool hasNamedPort, string field, string side)
    {
        if (name.Length > LongestRuleName)
        {
            yield return PolicyFault.TooLong($"{field}.name", LongestRuleName);
        }

        if (!actions.Contains(action))
        {
            yield return PolicyFault.Unsupported($"{field}.action", action, actions);
        }

        if (peers.Count == 0)
        {
            yield return PolicyFault.Invalid($"{field}.{side}", 0, $"{field}.{side} in body should have at least 1 items");
        }

        foreach (var fault in AtMost(peers.Count, mostPeers, $"{field}.{side}").Concat(peers.SelectMany((peer, i) => Peer(peer, $"{field}.{side}[{i}]", side == "to"))))
        {
            yield return fault;
        }

        if (hasNamedPort && side == "to" && peers.Any(static p => p.Nodes is not null || p.Networks.Count > 0 || p.DomainNames.Count > 0))
        {
            yield return PolicyFault.Invalid(field, "object", "networks/nodes/domainNames peer cannot be set with namedPorts since there are no namedPorts for networks/nodes/domainNames");
        }
    }

    private static IEnumerable<PolicyFault> Peer(AdminPolicyPeer peer, string field, bool isEgress)
    {
        object? networks = peer.Networks.Count > 0 ? peer.Networks : null;
        object? domains = peer.DomainNames.Count > 0 ? peer.DomainNames : null;
        return ExactlyOne(field, peer.Namespaces, peer.Pods, peer.Nodes, networks, domains)
            .Concat(isEgress || (peer.Nodes ?? networks ?? domains) is null ? [] : [PolicyFault.Forbidden(field, "nodes, networks and domainNames are peers of egress rules only")])
            .Concat(Selected(peer.Namespaces, peer.Pods, field))
            .Concat(peer.Nodes is null ? [] : SelectorValidation.Of(peer.Nodes, $"{field}.nodes"))
            .Concat(AtMost(peer.Networks.Count, MostAddresses, $"{field}.networks"))
            .Concat(peer.Networks.SelectMany((network, i) => Network(network, $"{field}.networks[{i}]")))
            .Concat(AtMost(peer.DomainNames.Count, MostAddresses, $"{field}.domainNames"));
    }

    private static IEnumerable<PolicyFault> Network(string text, string field) =>
        text.Contains(':', StringComparison.Ordinal) == text.Contains('.', StringComparison.Ordinal)
            ? [PolicyFault.Invalid(field, text, "CIDR must be either an IPv4 or IPv6 address. IPv4 address embedded in IPv6 addresses are not supported")]
            : Cidr.TryParse(text, out _) ? [] : [PolicyFault.Invalid(field, text, "Invalid CIDR format provided")];

    private static IEnumerable<PolicyFault> Port(AdminNetworkPolicyPort port, string field) => ExactlyOne(field, port.PortNumber, port.NamedPort, port.PortRange)
        .Concat(port.PortNumber is { } number ? ProtocolName(number.Protocol, $"{field}.portNumber").Concat(PortNumber(number.Port, $"{field}.portNumber.port")) : [])
        .Concat(port.PortRange is { } range ? ProtocolName(range.Protocol, $"{field}.portRange").Concat(Range(range.Start, range.End, $"{field}.portRange")) : []);

    private static IEnumerable<PolicyFault> Protocol(ClusterNetworkPolicyProtocol protocol, string field) => ExactlyOne(field, protocol.Tcp, protocol.Udp, protocol.Sctp, protocol.DestinationNamedPort)
        .Concat(new[] { ("tcp", protocol.Tcp), ("udp", protocol.Udp), ("sctp", protocol.Sctp) }.SelectMany(p => p.Item2 switch
        {
            null => [],
            { DestinationPort: { } port } => Destination(port, $"{field}.{p.Item1}.destinationPort"),
            _ => [PolicyFault.Invalid($"{field}.{p.Item1}", 0, $"{field}.{p.Item1} in body should have at least 1 properties")],
        }));

    private static IEnumerable<PolicyFault> Destination(DestinationPort port, string field) => ExactlyOne(field, port.Number, port.Range)
        .Concat(port.Number is { } number ? PortNumber(number, $"{field}.number") : [])
        .Concat(port.Range is { } range ? Range(range.Start, range.End, $"{field}.range") : []);

    private static IEnumerable<PolicyFault> Range(int start, int end, string field) => PortNumber(start, $"{field}.start")
        .Concat(PortNumber(end, $"{field}.end"))
        .Concat(start < end ? [] : [PolicyFault.Invalid(field, $"{start}-{end}", "Start port must be less than End port")]);

    private static IEnumerable<PolicyFault> ProtocolName(string protocol, string field) =>
        TransportProtocolText.Parse(protocol) is null ? [PolicyFault.Unsupported($"{field}.protocol", protocol, "TCP", "UDP", "SCTP")] : [];

    private static IEnumerable<PolicyFault> AtMost(int count, int most, string field) =>
        count > most ? [PolicyFault.TooMany(field, count, most)] : [];

    private static IEnumerable<PolicyFault> ExactlyOne(string field, params object?[] choices) =>
        choices.Count(static c => c is not null) switch
        {
            0 => [PolicyFault.Invalid(field, 0, $"{field} in body should have at least 1 properties")],
            1 => [],
            var several => [PolicyFault.Invalid(field, several, $"{field} in body should have at most 1 properties")],
        };
}
