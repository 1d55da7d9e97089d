using System.Collections.Immutable;
using System.Globalization;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Proposals;

namespace NetPulse.Optimizer.Apply;

/// <summary>Whether a proposal may be carried out, by which rule, and why.</summary>
/// <param name="Allowed">Whether every gate let it pass.</param>
/// <param name="Gate">The gate that stopped it; <c>all</c> when none did.</param>
/// <param name="Reason">For people.</param>
public sealed record Decision(bool Allowed, string Gate, string Reason);

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
    internal string Target => Pod?.ToString() ?? $"node {Node}";
}

/// <summary>The gates that a proposal passes in order; the first that closes stops it.</summary>
public static class Guard
{
    /// <summary>Whether the policy, which may be another by now, still allows a change that was begun under it.</summary>
    /// <returns>Why it does not; <see langword="null"/> when it does.</returns>
    public static string? Withdrawn(Change change, OptimizationPolicySpec policy) => ClosedByPolicy(policy, change.Pod?.Namespace, change.Writes)?.Reason;

    public static Decision Decide(SysctlProposal proposal, ClusterSnapshot cluster, ImmutableArray<EarlierChange> earlier)
    {
        var policy = cluster.Policy.Spec;
        var tuning = cluster.NodeTunings.GetValueOrDefault(proposal.Node);
        var unknown = proposal.Writes.FirstOrDefault(write => Knob(tuning, write) is null);
        var outside = proposal.Writes.FirstOrDefault(write => Knob(tuning, write) is { } knob && Numbers(write.After).Exists(number => number < knob.Minimum || number > knob.Maximum));
        var inLastHour = earlier.Count(change => cluster.At - change.BegunAt < TimeSpan.FromHours(1));
        var lastHere = earlier.Where(change => change.Target == proposal.Target).Select(change => change.BegunAt).DefaultIfEmpty(DateTimeOffset.MinValue).Max();

        var failed = earlier.Where(change =>
            change.HasFailed && change.Pod?.Namespace == proposal.Pod?.Namespace && change.Workload == proposal.Workload
            && (proposal.Pod is not null || change.Node == proposal.Node)
            && change.Sysctls.SequenceEqual(proposal.Writes.Select(write => write.Sysctl))
            && cluster.At - change.BegunAt < policy.Limits.Cooldown).MaxBy(change => change.BegunAt);

        if (ClosedByPolicy(policy, proposal.Pod?.Namespace, proposal.Writes) is { } closedByPolicy)
        {
            return closedByPolicy;
        }

        (string Gate, bool Closed, string Reason)[] gates =
        [
            ("obstacle", proposal.Obstacle.Length > 0, proposal.Obstacle),
            ("one at a time", earlier.Any(change => change.IsOpen), $"{earlier.FirstOrDefault(change => change.IsOpen)?.Target} is being changed; one change at a time"),
            ("cooldown", cluster.At - lastHere < policy.Limits.Cooldown, $"{proposal.Target} was changed at {lastHere:HH:mm:ss}; the cooldown is {Duration.Format(policy.Limits.Cooldown)}"),
            ("failed before", failed is not null, $"the same change of {failed?.Target}, of the same workload, was refused or taken back at {failed?.BegunAt:HH:mm:ss}; the cooldown is {Duration.Format(policy.Limits.Cooldown)}"),
            ("rate", inLastHour >= policy.Limits.ChangesPerHour, $"{inLastHour} changes were begun in the last hour; {policy.Limits.ChangesPerHour} are allowed"),
            ("node", cluster.UnreadableNodes.Contains(proposal.Node), $"the NodeTuning of {proposal.Node} cannot be read"),
            ("tuner", tuning?.Status is null || cluster.At - tuning.Status.ObservedAt > cluster.TunerSilence, $"no Tuner answers on node {proposal.Node}"),
            ("knob", unknown is not null, $"the Tuner of {proposal.Node} does not accept {unknown?.Sysctl}"),
            ("range", outside is not null, $"the Tuner of {proposal.Node} accepts {Knob(tuning, outside)?.Minimum} to {Knob(tuning, outside)?.Maximum} {Knob(tuning, outside)?.Unit}"),
        ];

        if (FirstClosed(gates) is { } stopped)
        {
            return stopped;
        }

        var values = proposal.Writes.Select(write => $"{write.Sysctl} up to {Allowed(policy, write.Sysctl)!.Maximum ?? Knob(tuning, write)!.Maximum} {Knob(tuning, write)!.Unit}");
        return new Decision(
            true,
            "all",
            $"policy {cluster.Policy.Metadata.Name}: mode {policy.Mode}, {(proposal.Pod is null ? proposal.Target : $"namespace {proposal.Pod.Namespace}")}, {string.Join(", ", values)}, "
            + $"change {inLastHour + 1} of {policy.Limits.ChangesPerHour} this hour; the Tuner of {proposal.Node} accepts the value");
    }

    /// <param name="policy">What we may do.</param>
    /// <param name="namespace">The pod's; <see langword="null"/> for a node, which is allowed by naming the sysctls that only a node has.</param>
    /// <param name="writes">All that would be set.</param>
    private static Decision? ClosedByPolicy(OptimizationPolicySpec policy, string? @namespace, ImmutableArray<SysctlWrite> writes)
    {
        var unnamed = writes.FirstOrDefault(write => Allowed(policy, write.Sysctl) is null);
        var above = writes.FirstOrDefault(write => Numbers(write.After).Exists(number => number > Allowed(policy, write.Sysctl)?.Maximum));
        return FirstClosed(
        [
            ("paused", policy.Paused.Count > 0, $"the policy is paused: {string.Join("; ", policy.Paused)}"),
            ("mode", policy.Mode != OptimizationMode.Apply, $"the policy's mode is {policy.Mode}; nothing is written unless it is {OptimizationMode.Apply}"),
            ("protected namespace", @namespace is not null && policy.ProtectedNamespaces.Contains(@namespace), $"{@namespace} is a protected namespace"),
            ("namespace", @namespace is not null && !policy.Namespaces.Contains(@namespace), $"the policy does not name the namespace {@namespace}"),
            ("sysctl", unnamed is not null, $"the policy does not name {unnamed?.Sysctl}"),
            ("maximum", above is not null, $"the policy allows {above?.Sysctl} {Allowed(policy, above?.Sysctl)?.Maximum} at most"),
        ]);
    }

    private static AllowedSysctl? Allowed(OptimizationPolicySpec policy, string? sysctl) => policy.Sysctls.FirstOrDefault(allowed => allowed.Name == sysctl);

    private static KnobStatus? Knob(NodeTuning? tuning, SysctlWrite? write) => tuning?.Status?.Knobs.FirstOrDefault(knob => knob.Sysctl == write?.Sysctl);

    /// <summary>None where the value is a text, as a congestion control's name.</summary>
    private static List<long> Numbers(string value) =>
        [.. value.Split(' ').Select(field => long.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : (long?)null).OfType<long>()];

    private static Decision? FirstClosed(ReadOnlySpan<(string Gate, bool Closed, string Reason)> gates)
    {
        foreach (var (gate, closed, reason) in gates)
        {
            if (closed)
            {
                return new Decision(false, gate, reason);
            }
        }

        return null;
    }
}
