using System.Text.Json.Serialization;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Detection;

/// <summary>Whose trouble it is: the connections of an edge, a pod's network namespace, or a whole node.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(OfEdge), "edge")]
[JsonDerivedType(typeof(OfPod), "pod")]
[JsonDerivedType(typeof(OfNode), "node")]
public abstract record Subject
{
    private Subject()
    {
    }

    /// <summary>Where it was measured.</summary>
    [JsonIgnore]
    public abstract string Node { get; }

    /// <summary>The pod that measured it; the node's own namespace where it is no pod's.</summary>
    [JsonIgnore]
    public abstract WorkloadIdentity Owner { get; }

    /// <returns><see langword="null"/> for a namespace that is neither a pod's nor a node's.</returns>
    public static Subject? OfNamespace(LabelSet labels) => labels switch
    {
        _ when labels[LabelNames.Pod].Length > 0 =>
            new OfPod(labels[LabelNames.Node], new WorkloadIdentity(labels[LabelNames.Namespace], labels[LabelNames.Workload], labels[LabelNames.Pod])),
        _ when labels[LabelNames.Workload] is "" || labels[LabelNames.Workload] == WorkloadIdentity.Host.Workload => new OfNode(labels[LabelNames.Node]),
        _ => null,
    };

    /// <summary>Selects one metric of the owner's network namespace.</summary>
    public SeriesSelector SelectAtOwner(MetricDefinition metric, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var all = new List<(string, string)>(labels.Length + 4) { (LabelNames.Node, Node), (LabelNames.Namespace, Owner.Namespace), (LabelNames.Pod, Owner.Pod) };
        if (Owner.Pod.Length == 0)
        {
            all.Add((LabelNames.Workload, Owner.Workload));
        }

        all.AddRange(labels);
        return SeriesSelector.Of(metric.Name, [.. all]);
    }

    /// <summary>What the owner sends to its peer.</summary>
    public sealed record OfEdge(Edge Edge) : Subject
    {
        public override string Node => Edge.Node;

        public override WorkloadIdentity Owner => Edge.Owner;

        public override string ToString() => Edge.ToString();
    }

    /// <summary>A pod's network namespace.</summary>
    /// <param name="On">The node on which it is.</param>
    /// <param name="Pod">Whose it is.</param>
    public sealed record OfPod(string On, WorkloadIdentity Pod) : Subject
    {
        public override string Node => On;

        public override WorkloadIdentity Owner => Pod;

        public override string ToString() => Pod.ToString();
    }

    /// <summary>A node: its own network namespace, and what all namespaces share.</summary>
    public sealed record OfNode(string Name) : Subject
    {
        public override string Node => Name;

        public override WorkloadIdentity Owner => WorkloadIdentity.Host;

        public override string ToString() => $"node {Name}";
    }
}
