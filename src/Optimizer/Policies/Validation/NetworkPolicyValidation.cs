using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Validation;

/// <summary>What the API server checks of a networking.k8s.io/v1 NetworkPolicy.</summary>
public static class NetworkPolicyValidation
{
    /// <summary>Keys and values together, in bytes.</summary>
    private const int LongestAnnotations = 256 * 1024;

    private const string NotACidr = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

    /// <summary>Empty when it would be accepted.</summary>
    public static IEnumerable<PolicyFault> Of(NetworkPolicy policy)
    {
        var spec = policy.Spec;
        return Metadata(policy.Metadata, isNamespaced: true)
            .Concat(SelectorValidation.Of(spec.PodSelector, "spec.podSelector"))
            .Concat(spec.Ingress.SelectMany(static (rule, i) => Rule(rule.Ports, rule.From, $"spec.ingress[{i}]", "from")))
            .Concat(spec.Egress.SelectMany(static (rule, i) => Rule(rule.Ports, rule.To, $"spec.egress[{i}]", "to")))
            .Concat(PolicyTypes(spec.PolicyTypes));
    }

    /// <summary>What the API server accepts with a warning: blocks that are not written as they are meant.</summary>
    public static IEnumerable<PolicyFault> Warnings(NetworkPolicy policy)
    {
        var peers = policy.Spec.Ingress.SelectMany(static (rule, i) => rule.From.Select((peer, j) => (peer.IpBlock, Field: $"spec.ingress[{i}].from[{j}].ipBlock")))
            .Concat(policy.Spec.Egress.SelectMany(static (rule, i) => rule.To.Select((peer, j) => (peer.IpBlock, Field: $"spec.egress[{i}].to[{j}].ipBlock"))));
        foreach (var (block, field) in peers)
        {
            foreach (var (text, at) in block is null ? [] : block.Except.Select((e, k) => (e, $"{field}.except[{k}]")).Prepend((block.Cidr, $"{field}.cidr")))
            {
                foreach (var warning in Warnings(text))
                {
                    yield return new PolicyFault(at, warning);
                }
            }
        }
    }

    private static IEnumerable<string> Warnings(string text)
    {
        if (!Cidr.TryParse(text, out var cidr) || !IpValue.TryParse(text[..text.IndexOf('/', StringComparison.Ordinal)], out var address))
        {
            yield break;
        }

        if (address.Value != cidr.First)
        {
            yield return $"CIDR value \"{text}\" is ambiguous in this context (should be \"{cidr}\" or \"{Cidr.Of(address)}\"?)";
        }

        var isStated6 = text.Contains(':', StringComparison.Ordinal);
        if (cidr.Family == IpFamily.V4 && (isStated6 || $"{address}/{cidr.Prefix}" != text))
        {
            yield return $"non-standard CIDR value \"{text}\" will be considered invalid in a future Kubernetes release: use \"{cidr}\"";
        }
        else if (isStated6 && $"{address}/{cidr.Prefix}" != text)
        {
            yield return $"IPv6 CIDR value \"{text}\" should be in RFC 5952 canonical format (\"{address}/{cidr.Prefix}\")";
        }
    }

    internal static IEnumerable<PolicyFault> Metadata(ObjectMeta metadata, bool isNamespaced)
    {
        if (metadata.Name.Length == 0)
        {
            yield return PolicyFault.Required("metadata.name", "name or generateName is required");
        }

        foreach (var problem in metadata.Name.Length == 0 ? [] : Names.Subdomain(metadata.Name))
        {
            yield return PolicyFault.Invalid("metadata.name", metadata.Name, problem);
        }

        if (isNamespaced && metadata.Namespace.Length == 0)
        {
            yield return PolicyFault.Required("metadata.namespace", "");
        }

        foreach (var problem in isNamespaced && metadata.Namespace.Length > 0 ? Names.DnsLabel(metadata.Namespace) : [])
        {
            yield return PolicyFault.Invalid("metadata.namespace", metadata.Namespace, problem);
        }

        foreach (var fault in SelectorValidation.Labels(metadata.Labels, "metadata.labels"))
        {
            yield return fault;
        }

        foreach (var (key, problem) in metadata.Annotations.Keys.SelectMany(static k => Names.LabelKey(k.ToLowerInvariant()).Select(p => (k, p))))
        {
            yield return PolicyFault.Invalid("metadata.annotations", key, problem);
        }

        if (metadata.Annotations.Sum(static a => (long)a.Key.Length + a.Value.Length) > LongestAnnotations)
        {
            yield return PolicyFault.TooLong("metadata.annotations", LongestAnnotations);
        }
    }

    private static IEnumerable<PolicyFault> PolicyTypes(IReadOnlyList<string> types)
    {
        if (types.Count > 2)
        {
            yield return PolicyFault.Invalid("spec.policyTypes", $"[{string.Join(' ', types)}]", "may not specify more than two policyTypes");
            yield break;
        }

        for (var i = 0; i < types.Count; i++)
        {
            if (types[i] is not (NetworkPolicySpec.Ingressing or NetworkPolicySpec.Egressing))
            {
                yield return PolicyFault.Unsupported($"spec.policyTypes[{i}]", types[i], NetworkPolicySpec.Ingressing, NetworkPolicySpec.Egressing);
            }
        }
    }

    private static IEnumerable<PolicyFault> Rule(IReadOnlyList<NetworkPolicyPort> ports, IReadOnlyList<NetworkPolicyPeer> peers, string field, string direction) =>
        ports.SelectMany((port, i) => Port(port, $"{field}.ports[{i}]")).Concat(peers.SelectMany((peer, i) => Peer(peer, $"{field}.{direction}[{i}]")));

    private static IEnumerable<PolicyFault> Port(NetworkPolicyPort port, string field)
    {
        if (port.Protocol is { } protocol && TransportProtocolText.Parse(protocol) is null)
        {
            yield return PolicyFault.Unsupported($"{field}.protocol", protocol, "TCP", "UDP", "SCTP");
        }

        switch (port.Port)
        {
            case null when port.EndPort is { } end:
                yield return PolicyFault.Invalid($"{field}.endPort", end, "may not be specified when `port` is not specified");
                break;
            case { Name: { } name }:
                if (port.EndPort is { } last)
                {
                    yield return PolicyFault.Invalid($"{field}.endPort", last, "may not be specified when `port` is non-numeric");
                }

                foreach (var problem in Names.PortName(name))
                {
                    yield return PolicyFault.Invalid($"{field}.port", name, problem);
                }

                break;
            case { Number: var number }:
                foreach (var fault in Number(number, $"{field}.port"))
                {
                    yield return fault;
                }

                if (port.EndPort < number)
                {
                    yield return PolicyFault.Invalid($"{field}.endPort", number, "must be greater than or equal to `port`");
                }

                foreach (var fault in port.EndPort is { } highest ? Number(highest, $"{field}.endPort") : [])
                {
                    yield return fault;
                }

                break;
            default:
                break;
        }
    }

    private static IEnumerable<PolicyFault> Number(int port, string field)
    {
        if (port is < 1 or > PortRange.Highest)
        {
            yield return PolicyFault.Invalid(field, port, "must be between 1 and 65535, inclusive");
        }
    }

    private static IEnumerable<PolicyFault> Peer(NetworkPolicyPeer peer, string field)
    {
        foreach (var fault in peer.PodSelector is { } pods ? SelectorValidation.Of(pods, $"{field}.podSelector") : [])
        {
            yield return fault;
        }

        foreach (var fault in peer.NamespaceSelector is { } namespaces ? SelectorValidation.Of(namespaces, $"{field}.namespaceSelector") : [])
        {
            yield return fault;
        }

        foreach (var fault in peer.IpBlock is { } block ? Block(block, $"{field}.ipBlock") : [])
        {
            yield return fault;
        }

        if (peer.PodSelector is null && peer.NamespaceSelector is null && peer.IpBlock is null)
        {
            yield return PolicyFault.Required(field, "must specify a peer");
        }
        else if (peer.IpBlock is not null && (peer.PodSelector is not null || peer.NamespaceSelector is not null))
        {
            yield return PolicyFault.Forbidden(field, "may not specify both ipBlock and another peer");
        }
    }

    private static IEnumerable<PolicyFault> Block(IpBlock block, string field)
    {
        if (block.Cidr.Length == 0)
        {
            yield return PolicyFault.Required($"{field}.cidr", "");
            yield break;
        }

        var isCidr = Cidr.TryParse(block.Cidr, out var cidr);
        if (!isCidr)
        {
            yield return PolicyFault.Invalid($"{field}.cidr", block.Cidr, NotACidr);
        }

        for (var i = 0; i < block.Except.Count; i++)
        {
            var at = $"{field}.except[{i}]";
            if (!Cidr.TryParse(block.Except[i], out var except))
            {
                yield return PolicyFault.Invalid(at, block.Except[i], NotACidr);
            }
            else if (isCidr && (!cidr.Contains(except) || except.Prefix <= cidr.Prefix))
            {
                yield return PolicyFault.Invalid(at, block.Except[i], "must be a strict subset of `cidr`");
            }
        }
    }
}
