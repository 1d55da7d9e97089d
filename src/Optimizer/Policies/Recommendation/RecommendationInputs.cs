using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Flows;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>What a recommendation is made from.</summary>
/// <param name="Cluster">Its policies are in force and stay.</param>
/// <param name="Services">To find who stands behind a cluster address, and which pods the world may call.</param>
/// <param name="Owners">The workload of a pod, <c>namespace/pod</c> → <c>Kind/name</c>, where it is known.</param>
/// <param name="Flows">What was seen over a window that should hold at least one of each thing that the workloads do.</param>
public sealed record RecommendationInputs(
    PolicyInputs Cluster,
    ImmutableArray<Service> Services,
    IReadOnlyDictionary<string, string> Owners,
    IEnumerable<ObservedFlow> Flows);

public sealed record RecommendationOptions
{
    /// <summary>Namespaces that get policies; empty for all but those whose names begin with <c>kube-</c>.</summary>
    public ImmutableArray<string> Namespaces { get; init; } = [];

    /// <summary>Whether each namespace gets a policy that denies what no other allows.</summary>
    public bool DefaultDeny { get; init; } = true;

    /// <summary>Address blocks of one rule: 1 to 100; 10 unless set. More are merged, as far as <see cref="LargestBlockV4"/> lets them.</summary>
    [Range(1, 100)]
    public int MaxBlocks { get; init; } = 10;

    /// <summary>Shortest prefix of a merged IPv4 block: 8 to 32; 24 unless set.</summary>
    [Range(8, 32)]
    public int LargestBlockV4 { get; init; } = 24;

    /// <summary>Shortest prefix of a merged IPv6 block: 16 to 128; 64 unless set.</summary>
    [Range(16, 128)]
    public int LargestBlockV6 { get; init; } = 64;

    /// <summary>A block may be made of smaller ones when at least this share of its addresses was seen: 0.1 to 1; 0.5 unless set.</summary>
    [Range(0.1, 1.0)]
    public double SmallestShareSeen { get; init; } = 0.5;
}
