using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Proposals;

namespace NetPulse.Optimizer.Apply;

/// <summary>Whether a proposal may be carried out, by which rule, and why.</summary>
/// <param name="Allowed">Whether every gate let it pass.</param>
/// <param name="Gate">The gate that stopped it; <c>all</c> when none did.</param>
/// <param name="Reason">For people.</param>
public sealed record Decision(bool Allowed, string Gate, string Reason);

/// <summary>A change that was begun earlier, as the gates see it.</summary>
/// <param name="Pod">Whose network namespace.</param>
/// <param name="Workload">The pod's workload.</param>
/// <param name="Sysctl">What was changed.</param>
/// <param name="BegunAt">When it was planned.</param>
/// <param name="IsOpen">Whether it still waits for its verdict or its undoing.</param>
/// <param name="HasFailed">Whether it was refused, or taken back because it did not help.</param>
public sealed record EarlierChange(PodReference Pod, string Workload, string Sysctl, DateTimeOffset BegunAt, bool IsOpen, bool HasFailed);

/// <summary>The gates that a proposal passes in order; the first that closes stops it.</summary>
public static class Guard
{
    /// <summary>Whether the policy, which may be another by now, still allows a change that was begun under it.</summary>
    /// <returns>Why it does not; <see langword="null"/> when it does.</returns>
    public static string? Withdrawn(Change change, OptimizationPolicySpec policy) => ClosedByPolicy(policy, change.Pod.Namespace, change.Sysctl, change.After)?.Reason;

    public static Decision Decide(SysctlProposal proposal, ClusterSnapshot cluster, ImmutableArray<EarlierChange> earlier)
    {
        var policy = cluster.Policy.Spec;
        var tuning = cluster.NodeTunings.GetValueOrDefault(proposal.Node);
        var knob = tuning?.Status?.Knobs.FirstOrDefault(knob => knob.Sysctl == proposal.Sysctl);
        var numbers = Numbers(proposal.To);
        var inLastHour = earlier.Count(change => cluster.At - change.BegunAt < TimeSpan.FromHours(1));
        var lastHere = earlier.Where(change => change.Pod == proposal.Pod).Select(change => change.BegunAt).DefaultIfEmpty(DateTimeOffset.MinValue).Max();

        var failed = earlier.Where(change =>
            change.HasFailed && change.Pod.Namespace == proposal.Pod.Namespace && change.Workload == proposal.Finding.Edge.Peer.Workload && change.Sysctl == proposal.Sysctl
            && cluster.At - change.BegunAt < policy.Limits.Cooldown).MaxBy(change => change.BegunAt);

        if (ClosedByPolicy(policy, proposal.Pod.Namespace, proposal.Sysctl, proposal.To) is { } closedByPolicy)
        {
            return closedByPolicy;
        }

        (string Gate, bool Closed, string Reason)[] gates =
        [
            ("one at a time", earlier.Any(change => change.IsOpen), $"{earlier.FirstOrDefault(change => change.IsOpen)?.Pod} is being changed; one change at a time"),
            ("cooldown", cluster.At - lastHere < policy.Limits.Cooldown, $"{proposal.Pod} was changed at {lastHere:HH:mm:ss}; the cooldown is {Duration.Format(policy.Limits.Cooldown)}"),
            ("failed before", failed is not null, $"the same change of {failed?.Pod}, of the same workload, was refused or taken back at {failed?.BegunAt:HH:mm:ss}; the cooldown is {Duration.Format(policy.Limits.Cooldown)}"),
            ("rate", inLastHour >= policy.Limits.ChangesPerHour, $"{inLastHour} changes were begun in the last hour; {policy.Limits.ChangesPerHour} are allowed"),
            ("node", cluster.UnreadableNodes.Contains(proposal.Node), $"the NodeTuning of {proposal.Node} cannot be read"),
            ("tuner", tuning?.Status is null || cluster.At - tuning.Status.ObservedAt > cluster.TunerSilence, $"no Tuner answers on node {proposal.Node}"),
            ("knob", knob is null, $"the Tuner of {proposal.Node} does not accept {proposal.Sysctl}"),
            ("range", numbers.Exists(number => number < knob?.Minimum || number > knob?.Maximum), $"the Tuner of {proposal.Node} accepts {knob?.Minimum} to {knob?.Maximum} {knob?.Unit}"),
        ];

        if (FirstClosed(gates) is { } stopped)
        {
            return stopped;
        }

        var allowed = Allowed(policy, proposal.Sysctl);
        return new Decision(
            true,
            "all",
            $"policy {cluster.Policy.Metadata.Name}: mode {policy.Mode}, namespace {proposal.Pod.Namespace}, {proposal.Sysctl} up to {Text.Bytes(allowed!.Maximum ?? knob!.Maximum)}, "
            + $"change {inLastHour + 1} of {policy.Limits.ChangesPerHour} this hour; the Tuner of {proposal.Node} accepts the value");
    }

    private static Decision? ClosedByPolicy(OptimizationPolicySpec policy, string @namespace, string sysctl, string value)
    {
        var allowed = Allowed(policy, sysctl);
        return FirstClosed(
        [
            ("paused", policy.Paused.Count > 0, $"the policy is paused: {string.Join("; ", policy.Paused)}"),
            ("mode", policy.Mode != OptimizationMode.Apply, $"the policy's mode is {policy.Mode}; nothing is written unless it is {OptimizationMode.Apply}"),
            ("protected namespace", policy.ProtectedNamespaces.Contains(@namespace), $"{@namespace} is a protected namespace"),
            ("namespace", !policy.Namespaces.Contains(@namespace), $"the policy does not name the namespace {@namespace}"),
            ("sysctl", allowed is null, $"the policy does not name {sysctl}"),
            ("maximum", Numbers(value).Exists(number => number > allowed?.Maximum), $"the policy allows {allowed?.Maximum} at most"),
        ]);
    }

    private static AllowedSysctl? Allowed(OptimizationPolicySpec policy, string sysctl) => policy.Sysctls.FirstOrDefault(allowed => allowed.Name == sysctl);

    private static List<long> Numbers(string value) => [.. value.Split(' ').Select(long.Parse)];

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
