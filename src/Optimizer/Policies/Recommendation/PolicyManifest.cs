using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>A network policy as a person would write it: no empty fields, but the rule lists of the directions that it isolates.</summary>
public static class PolicyManifest
{
    public static JsonObject Of(NetworkPolicy policy)
    {
        var metadata = new JsonObject { ["name"] = policy.Metadata.Name, ["namespace"] = policy.Metadata.Namespace };
        if (policy.Metadata.Labels.Count > 0)
        {
            metadata["labels"] = Texts(policy.Metadata.Labels);
        }

        if (policy.Metadata.Annotations.Count > 0)
        {
            metadata["annotations"] = Texts(policy.Metadata.Annotations);
        }

        var spec = new JsonObject
        {
            ["podSelector"] = Selector(policy.Spec.PodSelector),
            ["policyTypes"] = new JsonArray([.. policy.Spec.PolicyTypes.Select(static t => JsonValue.Create(t))]),
        };
        if (policy.Spec.PolicyTypes.Contains(NetworkPolicySpec.Ingressing) || policy.Spec.Ingress.Count > 0)
        {
            spec["ingress"] = new JsonArray([.. policy.Spec.Ingress.Select(static r => Rule("from", r.From, r.Ports))]);
        }

        if (policy.Spec.PolicyTypes.Contains(NetworkPolicySpec.Egressing) || policy.Spec.Egress.Count > 0)
        {
            spec["egress"] = new JsonArray([.. policy.Spec.Egress.Select(static r => Rule("to", r.To, r.Ports))]);
        }

        return new JsonObject { ["apiVersion"] = policy.ApiVersion, ["kind"] = policy.Kind, ["metadata"] = metadata, ["spec"] = spec };
    }

    private static JsonObject Rule(string peersField, IReadOnlyList<NetworkPolicyPeer> peers, IReadOnlyList<NetworkPolicyPort> ports)
    {
        var rule = new JsonObject();
        if (peers.Count > 0)
        {
            rule[peersField] = new JsonArray([.. peers.Select(Peer)]);
        }

        if (ports.Count > 0)
        {
            rule["ports"] = new JsonArray([.. ports.Select(Port)]);
        }

        return rule;
    }

    private static JsonObject Peer(NetworkPolicyPeer peer)
    {
        var stated = new JsonObject();
        if (peer.NamespaceSelector is { } namespaces)
        {
            stated["namespaceSelector"] = Selector(namespaces);
        }

        if (peer.PodSelector is { } pods)
        {
            stated["podSelector"] = Selector(pods);
        }

        if (peer.IpBlock is { } block)
        {
            var ipBlock = new JsonObject { ["cidr"] = block.Cidr };
            if (block.Except.Count > 0)
            {
                ipBlock["except"] = new JsonArray([.. block.Except.Select(static e => JsonValue.Create(e))]);
            }

            stated["ipBlock"] = ipBlock;
        }

        return stated;
    }

    private static JsonObject Port(NetworkPolicyPort port)
    {
        var stated = new JsonObject();
        if (port.Port is { } number)
        {
            stated["port"] = number.Name is { } name ? name : number.Number;
        }

        if (port.EndPort is { } end)
        {
            stated["endPort"] = end;
        }

        stated["protocol"] = port.Protocol ?? "TCP";
        return stated;
    }

    private static JsonObject Selector(LabelSelector selector)
    {
        var stated = new JsonObject();
        if (selector.MatchLabels.Count > 0)
        {
            stated["matchLabels"] = Texts(selector.MatchLabels);
        }

        if (selector.MatchExpressions.Count > 0)
        {
            stated["matchExpressions"] = new JsonArray([.. selector.MatchExpressions.Select(static e =>
            {
                var expression = new JsonObject { ["key"] = e.Key, ["operator"] = e.Operator };
                if (e.Values.Count > 0)
                {
                    expression["values"] = new JsonArray([.. e.Values.Select(static v => JsonValue.Create(v))]);
                }

                return expression;
            })]);
        }

        return stated;
    }

    private static JsonObject Texts(IReadOnlyDictionary<string, string> texts) =>
        new(texts.OrderBy(static t => t.Key, StringComparer.Ordinal).Select(static t => KeyValuePair.Create<string, JsonNode?>(t.Key, t.Value)));
}
