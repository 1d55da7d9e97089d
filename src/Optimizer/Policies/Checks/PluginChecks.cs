using System.Text.Json.Nodes;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>NP058 to NP060: what the network plugin makes of policies, by the DaemonSet that it is installed as.</summary>
internal static class PluginChecks
{
    private static readonly string[] NotEnforcingNames = ["kube-flannel-ds", "kube-flannel"];

    private static readonly string[] EnforcingNames = ["calico-node", "canal", "cilium", "antrea-agent", "weave-net", "kube-router", "ovnkube-node", "aws-node", "azure-npm", "kindnet", "kube-network-policies"];

    public static IEnumerable<Finding> NotEnforcing(ClusterEvidence evidence)
    {
        var names = Names(evidence);
        return names.Any(EnforcingNames.Contains) || !names.Any(NotEnforcingNames.Contains)
            ? []
            : [Finding.Of($"DaemonSet {names.First(NotEnforcingNames.Contains)}", $"{evidence.NetworkPolicies.Length} policies, and flannel alone enforces none", "install a plugin that does, as Calico beside flannel (Canal)")];
    }

    public static IEnumerable<Finding> Lacking(ClusterEvidence evidence)
    {
        var names = Names(evidence);
        return from rule in evidence.Rules()
               from port in rule.Ports.Select((value, i) => (Value: value, Path: rule.PortPath(i)))
               let lacking = port.Value.EndPort is not null && names.Contains("weave-net") ? "Weave Net ignores endPort"
                   : port.Value.Protocol == "SCTP" && names.Contains("azure-npm") ? "Azure NPM does not enforce SCTP"
                   : null
               where lacking is not null
               select NetworkPolicyTextChecks.At(rule, port.Path, lacking, "state the ports one by one, or use another plugin");
    }

    public static IEnumerable<Finding> LateEnforcement(ClusterEvidence evidence) =>
        from set in evidence.OfKind("DaemonSet")
        where $"{set.Root["metadata"]?["name"]}" == "aws-node"
        let variables = (set.Root["spec"]?["template"]?["spec"]?["containers"] as JsonArray ?? []).OfType<JsonObject>()
            .SelectMany(static c => (c["env"] as JsonArray ?? []).OfType<JsonObject>()).ToList()
        where !variables.Exists(static v => $"{v["name"]}" == "NETWORK_POLICY_ENFORCING_MODE" && $"{v["value"]}" == "strict")
        select Finding.At(set, "spec.template.spec.containers", "NETWORK_POLICY_ENFORCING_MODE is not strict", "set it to strict, after each pod has the policies that it needs");

    private static HashSet<string> Names(ClusterEvidence evidence) =>
        evidence.OfKind("DaemonSet").Select(static d => $"{d.Root["metadata"]?["name"]}").ToHashSet(StringComparer.Ordinal);
}
