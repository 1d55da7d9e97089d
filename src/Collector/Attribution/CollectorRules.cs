using NetPulse.Kubernetes.Client;

namespace NetPulse.Collector.Attribution;

/// <summary>What the manifests grant the collector; a test holds both together, and each rule's reason stands there.</summary>
public static class CollectorRules
{
    public static IEnumerable<NeededRule> All { get; } =
    [
        .. NeededRule.Of("", ["pods", "services", "nodes"], "list", "watch"),
        .. NeededRule.Of("", ["nodes/stats", "nodes/metrics"], "get"),
        new("create", "netpulse.io", "optimizers/samples"),
        new("create", "authentication.k8s.io", "tokenreviews"),
        new("create", "authorization.k8s.io", "subjectaccessreviews"),
    ];
}
