using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Cluster;

/// <summary>What the API server, or the objects directory in standalone mode, held at one moment. Read-only.</summary>
/// <param name="At">When it was read.</param>
/// <param name="Pods">Every pod.</param>
/// <param name="NodeTunings">By node; spec and status of one moment each.</param>
/// <param name="UnreadableNodes">Nodes whose NodeTuning could not be read: what is wanted or holds there is not known, which is not the same as nothing.</param>
/// <param name="Policy">What we may do; the default observes.</param>
/// <param name="Problems">Objects that could not be read: file, line, field and remedy.</param>
public sealed record ClusterSnapshot(
    DateTimeOffset At,
    ImmutableArray<Pod> Pods,
    ImmutableDictionary<string, NodeTuning> NodeTunings,
    ImmutableHashSet<string> UnreadableNodes,
    OptimizationPolicy Policy,
    ImmutableArray<string> Problems)
{
    /// <summary>The metadata of each namespace; none in standalone mode.</summary>
    public ImmutableArray<ObjectMeta> Namespaces { get; init; } = [];

    /// <summary>The metadata of each node; none in standalone mode.</summary>
    public ImmutableArray<ObjectMeta> Nodes { get; init; } = [];

    /// <summary>What was proposed, with what people decided and what became of it.</summary>
    public ImmutableArray<NetworkRecommendation> Recommendations { get; init; } = [];

    /// <summary>A Tuner that has not looked for this long is taken for dead.</summary>
    public TimeSpan TunerSilence { get; init; } = TimeSpan.FromSeconds(30);

    public Pod? PodNamed(string @namespace, string name) =>
        Pods.FirstOrDefault(pod => pod.Metadata.Name == name && pod.Metadata.Namespace == @namespace);
}
