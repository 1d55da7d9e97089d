using NetPulse.Kubernetes.Client;

namespace NetPulse.Collector.Attribution;

/// <summary>What the manifests grant the collector; a test holds both together, and each rule's reason stands there.</summary>
internal static class CollectorRules
{
    /// <param name="configuration">Tells which of them it has a use for.</param>
    /// <param name="reviews">Whether it asks who may see its figures.</param>
    public static IEnumerable<NeededRule> All(IConfiguration configuration, bool reviews) =>
    [
        .. NeededRule.Of("", ["pods", "services", "nodes"], "list", "watch"),
        .. string.IsNullOrEmpty(configuration["kubelet:url"]) ? [] : NeededRule.Of("", ["nodes/stats", "nodes/metrics"], "get"),
        .. configuration.GetSection("export:destinations").GetChildren().Any(static each => !string.IsNullOrEmpty(each["tokenFile"])) ? [new NeededRule("create", "netpulse.io", "optimizers/samples")] : Array.Empty<NeededRule>(),
        .. reviews ? NeededRule.Reviews : [],
    ];
}
