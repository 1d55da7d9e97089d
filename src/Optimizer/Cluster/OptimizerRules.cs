using NetPulse.Kubernetes.Client;

namespace NetPulse.Optimizer.Cluster;

/// <summary>What the manifests grant the optimizer; a test holds both together, and each rule's reason stands there.</summary>
internal static class OptimizerRules
{
    /// <param name="leaseName">The only Lease that it reads and renews.</param>
    /// <param name="reviews">Whether it asks who may ask it.</param>
    public static IEnumerable<NeededRule> All(string leaseName, bool reviews) =>
    [
        .. NeededRule.Of("", ["pods", "namespaces", "nodes"], "list", "watch"),
        new("list", "", "services"),
        new("list", "networking.k8s.io", "networkpolicies"),
        .. NeededRule.Of("netpulse.io", ["optimizationpolicies"], "get", "list", "watch"),
        new("patch", "netpulse.io", "optimizationpolicies/status"),
        .. NeededRule.Of("netpulse.io", ["networkrecommendations"], "get", "list", "watch", "create", "patch", "delete"),
        new("patch", "netpulse.io", "networkrecommendations/status"),
        .. NeededRule.Of("netpulse.io", ["nodetunings"], "get", "list", "watch", "create", "patch"),
        .. NeededRule.Of("events.k8s.io", ["events"], "create", "patch"),
        .. reviews ? NeededRule.Reviews : [],
        new("create", "coordination.k8s.io", "leases"),
        new("get", "coordination.k8s.io", "leases", leaseName),
        new("update", "coordination.k8s.io", "leases", leaseName),
    ];
}
