using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Policies;

/// <summary>Everything that decides who may talk to whom, at one moment.</summary>
public sealed record PolicyInputs
{
    public ImmutableArray<NetworkPolicy> NetworkPolicies { get; init; } = [];

    public ImmutableArray<AdminNetworkPolicy> AdminNetworkPolicies { get; init; } = [];

    public ImmutableArray<BaselineAdminNetworkPolicy> BaselineAdminNetworkPolicies { get; init; } = [];

    public ImmutableArray<ClusterNetworkPolicy> ClusterNetworkPolicies { get; init; } = [];

    /// <summary>A namespace that is not here but has pods carries no label but its name.</summary>
    public ImmutableArray<Namespace> Namespaces { get; init; } = [];

    public ImmutableArray<Pod> Pods { get; init; } = [];

    public ImmutableArray<Node> Nodes { get; init; } = [];
}
