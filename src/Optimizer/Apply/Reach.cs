using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Apply;

/// <summary>How far a change has been taken beyond its canary.</summary>
/// <param name="Percent">Of the workload's pods; 0 for the canary alone.</param>
/// <param name="Pods">Those that it holds in besides the canary, each by its own settings.</param>
/// <param name="Nodes">Nodes on which the whole workload has it.</param>
/// <param name="IsGranted">Whether every pod of the workload has it on those nodes, also one that comes later.</param>
/// <param name="IsLast">Whether it is taken no further, but watched and kept.</param>
public sealed record Reach(int Percent, ImmutableArray<PodPlace> Pods, ImmutableArray<string> Nodes, bool IsGranted, bool IsLast)
{
    public static readonly Reach Canary = new(0, [], [], IsGranted: false, IsLast: false);

    /// <summary>Those of the nodes that came after the grant was kept and are being given it.</summary>
    public ImmutableArray<string> Joining { get; init; } = [];

    /// <summary>The next stage of a verified change; stages that would reach no further pod are left out.</summary>
    public static Reach After(Change change, ClusterSnapshot cluster)
    {
        var reach = change.Reach;
        if (change.Pod is null || change.Workload.Length == 0 || change.Stages.IsEmpty)
        {
            return reach with { IsLast = true };
        }

        var others = cluster.PodsOf(change.Pod.Namespace, change.Workload)
            .Select(pod => new PodPlace(pod.Spec.NodeName.Length > 0 ? pod.Spec.NodeName : change.Node, new PodReference { Namespace = pod.Metadata.Namespace, Name = pod.Metadata.Name }))
            .Where(place => place.Pod != change.Pod && cluster.HasTuner(place.Node))
            .OrderBy(place => !reach.Pods.Contains(place)).ThenBy(place => place.Pod.Name, StringComparer.Ordinal).ToImmutableArray();
        foreach (var percent in change.Stages.Where(percent => percent > reach.Percent))
        {
            var wanted = (int)Math.Ceiling((others.Length + 1) * percent / 100.0) - 1;
            if (percent == 100)
            {
                return new Reach(percent, [], [.. cluster.NodesWithTuner], IsGranted: true, IsLast: true);
            }

            if (wanted > reach.Pods.Length)
            {
                return new Reach(percent, others[..wanted], [], IsGranted: false, IsLast: percent == change.Stages[^1]);
            }
        }

        return reach with { IsLast = true };
    }

    /// <summary>Where the whole workload has it, less these nodes.</summary>
    public Reach Without(ImmutableArray<string> nodes) => nodes.IsEmpty ? this : this with { Nodes = Nodes.RemoveAll(nodes.Contains), Joining = Joining.RemoveAll(nodes.Contains) };

    public override string ToString() => IsGranted ? $"every pod of the workload, also those that come later, on {Nodes.Length} {(Nodes.Length == 1 ? "node" : "nodes")}" : Pods.IsEmpty ? "the canary alone" : $"{Pods.Length + 1} pods";
}

/// <summary>A pod and where it runs.</summary>
public sealed record PodPlace(string Node, PodReference Pod);
