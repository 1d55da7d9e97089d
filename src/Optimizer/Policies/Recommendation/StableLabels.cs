using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>Which of a pod's labels say what it is, as opposed to which copy, generation or place of it.</summary>
internal static class StableLabels
{
    /// <summary>They name one generation, one replica or one place: a selector with them soon matches nothing.</summary>
    private static readonly HashSet<string> Passing = new(StringComparer.Ordinal)
    {
        "pod-template-hash", "controller-revision-hash", "pod-template-generation", "controller-uid", "job-name",
        "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "batch.kubernetes.io/job-completion-index",
        "security.istio.io/tlsMode", "service.istio.io/canonical-revision", "topology.istio.io/network", "istio.io/rev", "linkerd.io/proxy-deployment",
        "topology.kubernetes.io/region", "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone", "kubernetes.io/hostname",
        "rollouts-pod-template-hash", "deploymentconfig",
    };

    /// <summary>They change with each release: left out where something else identifies the workload.</summary>
    private static readonly HashSet<string> Releasing = new(StringComparer.Ordinal)
    {
        "version", "app.kubernetes.io/version", "helm.sh/chart", "chart", "heritage", "app.kubernetes.io/managed-by",
        "track", "revision", "release-revision", "commit", "build",
    };

    public static bool IsPassing(string key) => Passing.Contains(key);

    /// <summary>The labels that all of these pods share and that stay over a rollout; empty when there are none.</summary>
    public static SortedDictionary<string, string> Of(IReadOnlyList<Pod> pods)
    {
        var shared = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in pods[0].Metadata.Labels)
        {
            if (!IsPassing(key) && pods.All(pod => pod.Metadata.Labels.TryGetValue(key, out var other) && other == value))
            {
                shared[key] = value;
            }
        }

        if (shared.Keys.Any(static key => !Releasing.Contains(key)))
        {
            foreach (var key in shared.Keys.Where(Releasing.Contains).ToList())
            {
                shared.Remove(key);
            }
        }

        return shared;
    }
}
