namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>What each kind of evidence is to a reader, and how to give it.</summary>
internal static class EvidenceWords
{
    private static readonly (Evidence Kind, string Words)[] All =
    [
        (Evidence.NetworkPolicies, "NetworkPolicies"),
        (Evidence.AdminPolicies, "AdminNetworkPolicies or ClusterNetworkPolicies"),
        (Evidence.Pods, "pods or workloads"),
        (Evidence.Services, "Services"),
        (Evidence.Flows, "flows (--flows)"),
        (Evidence.Nodes, "Nodes"),
        (Evidence.CniConfiguration, "CNI configuration (--cni, --node)"),
        (Evidence.Corefile, "a Corefile (ConfigMap coredns, --corefile)"),
        (Evidence.Definitions, "CustomResourceDefinitions"),
        (Evidence.DaemonSets, "DaemonSets"),
        (Evidence.Ingresses, "Ingresses"),
        (Evidence.Webhooks, "webhook configurations"),
        (Evidence.NodeState, "a node's sysctls (--node)"),
        (Evidence.Metrics, "metrics (--metrics)"),
        (Evidence.Events, "Events"),
        (Evidence.KubeletConfiguration, "the kubelet's configuration (ConfigMap kubelet-config, --node)"),
        (Evidence.LiveObjects, "objects from the API server (kubectl get -o yaml)"),
        (Evidence.NodeFiles, "a node's CNI files (--node)"),
        (Evidence.NodeLinks, "a node's links (--node)"),
        (Evidence.NodeCounters, "a node's kernel counters (--node)"),
        (Evidence.NodeOffloads, "a node's offloads (--node of a sosreport)"),
        (Evidence.SysctlFiles, "a node's sysctl.d (--node)"),
    ];

    public static IEnumerable<string> Of(Evidence evidence) => All.Where(e => evidence.HasFlag(e.Kind)).Select(static e => e.Words);
}
