using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>The pods of one namespace that one selector names: the subject of one policy, or a peer of others.</summary>
/// <param name="Name">Of the workload; the policy is named after it.</param>
/// <param name="Selector">Never empty.</param>
public sealed record WorkloadGroup(string Namespace, string Name, ImmutableSortedDictionary<string, string> Selector, ImmutableArray<Pod> Pods)
{
    public bool Matches(Pod pod) => pod.Metadata.Namespace == Namespace
        && Selector.All(label => pod.Metadata.Labels.TryGetValue(label.Key, out var value) && value == label.Value);

    public bool Equals(WorkloadGroup? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Name) ^ StringComparer.Ordinal.GetHashCode(Namespace);

    public override string ToString() => $"{Namespace}/{Name}";
}
