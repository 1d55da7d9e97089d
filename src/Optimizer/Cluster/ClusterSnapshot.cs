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
    private readonly Lazy<Dictionary<(string Namespace, string Name), Pod>> podsByName = new(() => Index(Pods));
    private readonly Lazy<Dictionary<string, ObjectMeta>> nodesByName = new(static () => []);

    /// <summary>Every pod.</summary>
    public ImmutableArray<Pod> Pods
    {
        get;
        init => (field, podsByName) = (value, new(() => Index(value)));
    } = Pods;

    /// <summary>The metadata of each namespace; none in standalone mode.</summary>
    public ImmutableArray<ObjectMeta> Namespaces { get; init; } = [];

    /// <summary>The metadata of each node; none in standalone mode.</summary>
    public ImmutableArray<ObjectMeta> Nodes
    {
        get;
        init => (field, nodesByName) = (value, new(() => value.ToDictionary(static node => node.Name, StringComparer.Ordinal)));
    } = [];

    /// <summary>Nodes that another group of nodes works on, or none, where the work is split.</summary>
    public ImmutableHashSet<string> OtherNodes { get; init; } = [];

    /// <summary>What was proposed, with what people decided and what became of it.</summary>
    public ImmutableArray<NetworkRecommendation> Recommendations { get; init; } = [];

    /// <summary>A Tuner that has not looked for this long is taken for dead.</summary>
    public TimeSpan TunerSilence { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Nodes whose Tuner answers us, by name.</summary>
    public IEnumerable<string> NodesWithTuner => NodeTunings.Keys.Where(HasTuner).Order(StringComparer.Ordinal);

    /// <summary>How many nodes there are; those that have a NodeTuning where nodes are not known.</summary>
    public int NodeCount => Nodes.IsEmpty ? NodeTunings.Count : Nodes.Length;

    /// <summary>Whether there is such a node, or nodes are not known.</summary>
    public bool HasNode(string node) => Nodes.IsEmpty || nodesByName.Value.ContainsKey(node);

    /// <summary>Whether the node was made after the moment: one of that name from before is gone, and its NodeTuning with it.</summary>
    public bool IsMadeAfter(string node, DateTimeOffset moment) =>
        nodesByName.Value.GetValueOrDefault(node)?.CreationTimestamp > moment && NodeTunings.GetValueOrDefault(node)?.Metadata.CreationTimestamp > moment;

    /// <summary>Whether the node is ours to change and its Tuner has looked lately.</summary>
    public bool HasTuner(string node) => !OtherNodes.Contains(node) && NodeTunings.GetValueOrDefault(node)?.Status is { } status && At - status.ObservedAt <= TunerSilence;

    /// <summary>A workload's pods that are not at their end.</summary>
    public ImmutableArray<Pod> PodsOf(string @namespace, string workload) =>
    [
        .. from pod in Pods
           where pod.Metadata.Namespace == @namespace && pod.Status.Phase is not (PodStatus.Succeeded or PodStatus.Failed) && PodWorkload.Of(pod).Name == workload
           select pod,
    ];

    /// <summary>How many of a workload's pods are on each node.</summary>
    /// <param name="namespace">The workload's.</param>
    /// <param name="workload">Its name.</param>
    /// <param name="otherwise">The node of a pod that does not say on which it is.</param>
    public ImmutableDictionary<string, int> PodsByNode(string @namespace, string workload, string otherwise) =>
        PodsOf(@namespace, workload).CountBy(pod => pod.Spec.NodeName.Length > 0 ? pod.Spec.NodeName : otherwise).ToImmutableDictionary(StringComparer.Ordinal);

    public Pod? PodNamed(string @namespace, string name) => podsByName.Value.GetValueOrDefault((@namespace, name));

    /// <summary>A file of the objects directory may hold a pod that another holds too: the first counts.</summary>
    private static Dictionary<(string Namespace, string Name), Pod> Index(ImmutableArray<Pod> pods)
    {
        var index = new Dictionary<(string Namespace, string Name), Pod>(pods.Length);
        foreach (var pod in pods)
        {
            index.TryAdd((pod.Metadata.Namespace, pod.Metadata.Name), pod);
        }

        return index;
    }
}
