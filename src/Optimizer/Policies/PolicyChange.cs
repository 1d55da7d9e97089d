using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Model;

namespace NetPulse.Optimizer.Policies;

/// <summary>What is another than before: an object that is set takes the place of the one of its name.</summary>
public sealed record PolicyChange
{
    public ImmutableArray<NetworkPolicy> NetworkPolicies { get; init; } = [];

    public ImmutableArray<AdminNetworkPolicy> AdminNetworkPolicies { get; init; } = [];

    public ImmutableArray<BaselineAdminNetworkPolicy> BaselineAdminNetworkPolicies { get; init; } = [];

    public ImmutableArray<ClusterNetworkPolicy> ClusterNetworkPolicies { get; init; } = [];

    public ImmutableArray<PolicyReference> PoliciesGone { get; init; } = [];

    public ImmutableArray<Namespace> NamespacesSet { get; init; } = [];

    /// <summary>By name: its pods then carry no namespace label but its name.</summary>
    public ImmutableArray<string> NamespacesGone { get; init; } = [];

    public ImmutableArray<Pod> PodsSet { get; init; } = [];

    /// <summary>As <c>namespace/name</c>.</summary>
    public ImmutableArray<string> PodsGone { get; init; } = [];

    public ImmutableArray<Node> NodesSet { get; init; } = [];

    public ImmutableArray<string> NodesGone { get; init; } = [];

    public bool IsOfPoliciesOnly => (NamespacesSet.Length, NamespacesGone.Length, PodsSet.Length, PodsGone.Length, NodesSet.Length, NodesGone.Length) == (0, 0, 0, 0, 0, 0);

    /// <summary>A cluster that comes out of nothing.</summary>
    public static PolicyChange All(PolicyInputs inputs) => new()
    {
        NetworkPolicies = inputs.NetworkPolicies,
        AdminNetworkPolicies = inputs.AdminNetworkPolicies,
        BaselineAdminNetworkPolicies = inputs.BaselineAdminNetworkPolicies,
        ClusterNetworkPolicies = inputs.ClusterNetworkPolicies,
        NamespacesSet = inputs.Namespaces,
        PodsSet = inputs.Pods,
        NodesSet = inputs.Nodes,
    };

    public static PolicyChange Set(NetworkPolicy policy) => new() { NetworkPolicies = [policy] };

    public static PolicyChange Set(Pod pod) => new() { PodsSet = [pod] };

    public static PolicyChange Gone(PolicyReference policy) => new() { PoliciesGone = [policy] };

    internal IEnumerable<PolicyModel> Models() =>
        NetworkPolicies.Select(NetworkPolicyModel.Of)
            .Concat(AdminNetworkPolicies.Select(AdminPolicyModel.Of))
            .Concat(BaselineAdminNetworkPolicies.Select(AdminPolicyModel.Of))
            .Concat(ClusterNetworkPolicies.Select(AdminPolicyModel.Of));
}
