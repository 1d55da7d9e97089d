using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Proposals;

namespace NetPulse.Optimizer.Apply;

/// <summary>A change that was begun earlier, as the gates see it.</summary>
/// <param name="Node">On which it was made.</param>
/// <param name="Pod">Whose network namespace; <see langword="null"/> for the node's own.</param>
/// <param name="Workload">The pod's workload; empty for the node's own.</param>
/// <param name="Sysctls">What was changed.</param>
/// <param name="BegunAt">When it was planned.</param>
/// <param name="IsOpen">Whether it still waits for its verdict or its undoing.</param>
/// <param name="HasFailed">Whether it was refused, or taken back because it did not help.</param>
public sealed record EarlierChange(string Node, PodReference? Pod, string Workload, ImmutableArray<string> Sysctls, DateTimeOffset BegunAt, bool IsOpen, bool HasFailed)
{
    /// <summary>Whether something of it holds.</summary>
    public bool IsInForce { get; init; }

    /// <summary>What it may pin at most on each node that it reaches.</summary>
    public ImmutableDictionary<string, long> MemoryByNode { get; init; } = ImmutableDictionary<string, long>.Empty;

    internal string Target => Pod?.ToString() ?? $"node {Node}";

    /// <summary>Whether it is of the same sysctls of the same workload, or node.</summary>
    internal bool IsSame(SysctlProposal proposal) =>
        Pod?.Namespace == proposal.Pod?.Namespace && Workload == proposal.Workload && (proposal.Pod is not null || Node == proposal.Node)
        && Sysctls.SequenceEqual(proposal.Writes.Select(write => write.Sysctl));
}

/// <summary>How much is being proposed at once.</summary>
/// <param name="InTenMinutes">Changes that were first proposed in the last ten minutes.</param>
/// <param name="Nodes">Nodes with a proposal now.</param>
public readonly record struct ProposalSurge(int InTenMinutes, int Nodes);
