using System.Collections.Immutable;
using System.Globalization;
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

/// <summary>The gates that a proposal passes in order; the first that closes stops it.</summary>
public static class Guard
{
    private const string ControlPlaneLabel = "node-role.kubernetes.io/control-plane";

    /// <summary>The longest that a policy may ask for, too.</summary>
    private static readonly TimeSpan LongestCooldown = TimeSpan.FromDays(7);

    /// <summary>Whether the policy, which may be another by now, still allows a change that was begun under it.</summary>
    /// <returns>Why it does not; <see langword="null"/> when it does.</returns>
    public static string? Withdrawn(Change change, OptimizationPolicySpec policy) =>
        Array.Find([.. Switches(policy), .. Scope(policy, change.Pod?.Namespace, change.Writes)], gate => gate.IsClosed)?.Reason;

    /// <param name="proposal">What is to be done.</param>
    /// <param name="cluster">As it is now.</param>
    /// <param name="earlier">Every change that was begun and decides something still.</param>
    /// <param name="surge">How much else is being proposed.</param>
    public static Decision Decide(SysctlProposal proposal, ClusterSnapshot cluster, ImmutableArray<EarlierChange> earlier, ProposalSurge surge = default)
    {
        var policy = cluster.Policy.Spec;
        var limits = policy.Limits;
        var lastHour = earlier.Where(change => cluster.At - change.BegunAt < TimeSpan.FromHours(1)).ToList();
        var inNamespace = lastHour.Count(change => proposal.Pod is not null && change.Pod?.Namespace == proposal.Pod.Namespace);
        var open = earlier.FirstOrDefault(change => change.IsOpen);
        var lastHere = earlier.Where(change => change.Target == proposal.Target || (change.IsSame(proposal) && !change.HasFailed)).MaxBy(change => change.BegunAt);
        var failures = earlier.Where(change => change.HasFailed && change.IsSame(proposal)).ToList();
        var failed = failures.MaxBy(change => change.BegunAt);
        var patience = Patience(limits.Cooldown, failures.Count);

        Gate[] gates =
        [
            .. Switches(policy),
            new("obstacle", proposal.Obstacle.Length > 0, proposal.Obstacle),
            new("one at a time", open is not null, $"{open?.Target} is being changed; one change at a time"),
            new("cooldown", cluster.At - lastHere?.BegunAt < limits.Cooldown, $"{lastHere?.Target} was changed at {lastHere?.BegunAt:HH:mm:ss}; the cooldown is {Duration.Format(limits.Cooldown)}"),
            new(
                "failed before",
                cluster.At - failed?.BegunAt < patience,
                $"the same change of {failed?.Target}, of the same workload, was refused or taken back at {failed?.BegunAt:HH:mm:ss}, {(failures.Count == 1 ? "once" : $"{failures.Count} times")} lately; the cooldown is {Duration.Format(patience)}"),
            new("rate", lastHour.Count >= limits.ChangesPerHour, $"{lastHour.Count} changes were begun in the last hour; {limits.ChangesPerHour} are allowed"),
            new("rate of the namespace", inNamespace >= limits.ChangesPerHourInNamespace, $"{inNamespace} changes were begun in {proposal.Pod?.Namespace} in the last hour; {limits.ChangesPerHourInNamespace} are allowed"),
            .. Storm(limits, cluster, surge),
            .. Times(policy, cluster.At),
            .. Scope(policy, proposal.Pod?.Namespace, proposal.Writes),
            new("control plane", proposal.Pod is null && IsControlPlane(cluster, proposal.Node), $"{proposal.Node} is of the control plane: its own sysctls are proposed, not changed"),
            .. Impact(policy, proposal, cluster, earlier),
            .. Tuner(proposal, cluster),
            .. Approval(policy, proposal, cluster),
        ];

        if (Array.Find(gates, gate => gate.IsClosed) is { } closed)
        {
            return new Decision(false, closed.Name, closed.Reason);
        }

        var tuning = cluster.NodeTunings[proposal.Node];
        var values = proposal.Writes.Select(write => Numbers(write.After) is []
            ? write.Sysctl
            : $"{write.Sysctl} up to {Allowed(policy, write.Sysctl)!.Maximum ?? Knob(tuning, write)!.Maximum} {Knob(tuning, write)!.Unit}");
        return new Decision(
            true,
            "all",
            $"policy {cluster.Policy.Metadata.Name}: mode {policy.Mode}, {(proposal.Pod is null ? proposal.Target : $"namespace {proposal.Pod.Namespace}")}, {string.Join(", ", values)}, "
            + $"change {lastHour.Count + 1} of {limits.ChangesPerHour} this hour; the Tuner of {proposal.Node} accepts the value");
    }

    /// <summary>What failed repeatedly is left alone for longer: twice as long with each failure.</summary>
    private static TimeSpan Patience(TimeSpan cooldown, int failures)
    {
        var patience = cooldown * Math.Pow(2, Math.Min(Math.Max(failures - 1, 0), 20));
        return patience < LongestCooldown ? patience : LongestCooldown;
    }

    private static Gate[] Switches(OptimizationPolicySpec policy) =>
    [
        new("paused", policy.Paused.Count > 0, $"the policy is paused: {string.Join("; ", policy.Paused)}"),
        new("mode", policy.Mode != OptimizationMode.Apply, $"the policy's mode is {policy.Mode}; nothing is written unless it is {OptimizationMode.Apply}"),
    ];

    private static Gate[] Storm(ChangeLimits limits, ClusterSnapshot cluster, ProposalSurge surge)
    {
        var nodes = cluster.NodeCount;
        return
        [
            new("storm", surge.InTenMinutes > limits.StormProposals, $"{surge.InTenMinutes} changes were proposed within 10 minutes, more than {limits.StormProposals}: a fault that shows everywhere is not healed one by one"),
            new("storm of nodes", nodes > 2 && surge.Nodes * 100 > limits.StormNodesPercent * nodes, $"{surge.Nodes} of {nodes} nodes have proposals, more than {limits.StormNodesPercent} %: a fault that shows everywhere is not healed one by one"),
        ];
    }

    private static Gate[] Times(OptimizationPolicySpec policy, DateTimeOffset now)
    {
        var freeze = policy.Freezes.FirstOrDefault(freeze => now >= freeze.From && now < freeze.To);
        return
        [
            new("freeze", freeze is not null, $"no change begins before {freeze?.To:u}: {freeze?.Reason}"),
            new("window", policy.Windows.Count > 0 && !policy.Windows.Any(window => window.Contains(now)), string.Join("; ", policy.Problems().Prepend($"changes begin only {string.Join(" or ", policy.Windows)}"))),
        ];
    }

    /// <param name="policy">What we may do.</param>
    /// <param name="namespace">The pod's; <see langword="null"/> for a node, which is allowed by naming the sysctls that only a node has (<see cref="Tuner"/>).</param>
    /// <param name="writes">All that would be set.</param>
    private static Gate[] Scope(OptimizationPolicySpec policy, string? @namespace, ImmutableArray<SysctlWrite> writes)
    {
        var unnamed = writes.FirstOrDefault(write => Allowed(policy, write.Sysctl) is null);
        var above = writes.FirstOrDefault(write => Numbers(write.After).Exists(number => number > Allowed(policy, write.Sysctl)?.Maximum));
        return
        [
            new("protected namespace", @namespace is not null && policy.ProtectedNamespaces.Contains(@namespace), $"{@namespace} is a protected namespace"),
            new("namespace", @namespace is not null && !policy.Namespaces.Contains(@namespace), $"the policy does not name the namespace {@namespace}"),
            new("sysctl", unnamed is not null, $"the policy does not name {unnamed?.Sysctl}"),
            new("maximum", above is not null, $"the policy allows {above?.Sysctl} {Allowed(policy, above?.Sysctl)?.Maximum} at most"),
        ];
    }

    private static Gate[] Impact(OptimizationPolicySpec policy, SysctlProposal proposal, ClusterSnapshot cluster, ImmutableArray<EarlierChange> earlier)
    {
        var limits = policy.Limits;
        var reached = policy.Canary.Stages.Count > 0 && proposal.Pod is { } pod ? ReachedByNode(cluster, pod.Namespace, proposal) : ImmutableDictionary<string, int>.Empty.Add(proposal.Node, 1);
        var here = proposal.MemoryCostBytes * reached[proposal.Node];
        var (fullest, memory) = reached
            .Select(on => (Node: on.Key, Bytes: (proposal.MemoryCostBytes * on.Value) + earlier.Where(change => change.IsInForce).Sum(change => change.MemoryByNode.GetValueOrDefault(on.Key))))
            .MaxBy(on => on.Bytes);
        var pods = cluster.PodsOf(proposal.Pod?.Namespace ?? "", proposal.Workload).Length;
        var nodes = cluster.NodeCount;
        var allowedNodes = Math.Max(1, limits.MaximumNodesPercent * nodes / 100);
        var changedNodes = earlier.Where(change => change.Pod is null && change.Node != proposal.Node && (change.IsOpen || (change.IsInForce && cluster.At - change.BegunAt < limits.Cooldown)))
            .Select(change => change.Node).Distinct(StringComparer.Ordinal).Count();
        return
        [
            new("memory left", here > proposal.MemoryLeftBytes, $"it could pin {Text.Bytes(here)} where {Text.Bytes(proposal.MemoryLeftBytes ?? 0)} are left for sockets"),
            new("memory", memory > limits.MaximumMemoryBytes, $"all changes on {fullest} together could pin {Text.Bytes(memory)}; {Text.Bytes(limits.MaximumMemoryBytes)} are allowed"),
            new("reach", proposal.Pod is not null && pods > limits.MaximumPods, $"{proposal.Workload} has {pods} pods; a change may reach {limits.MaximumPods}"),
            new("reach of nodes", proposal.Pod is null && changedNodes >= allowedNodes, $"{changedNodes} other nodes were changed lately; {allowedNodes} of {nodes} may be at once"),
        ];
    }

    private static Gate[] Tuner(SysctlProposal proposal, ClusterSnapshot cluster)
    {
        var tuning = cluster.NodeTunings.GetValueOrDefault(proposal.Node);
        var unknown = proposal.Writes.FirstOrDefault(write => Knob(tuning, write) is null);
        var absent = proposal.Writes.FirstOrDefault(write => Knob(tuning, write) is { Scope: SysctlScope.Absent });
        var elsewhere = proposal.Writes.FirstOrDefault(write => proposal.Pod is not null && Knob(tuning, write) is { PerNamespace: false });
        var own = proposal.Writes.FirstOrDefault(write => proposal.Pod is null && Knob(tuning, write) is { PerNamespace: true });
        var outside = proposal.Writes.FirstOrDefault(write => Knob(tuning, write) is { } knob && Numbers(write.After).Exists(number => number < knob.Minimum || number > knob.Maximum));
        var unavailable = proposal.Writes.FirstOrDefault(write => Knob(tuning, write) is { Choices.Count: > 0 } knob && !write.After.Split(' ').All(knob.Choices.Contains));
        return
        [
            new("group", cluster.OtherNodes.Contains(proposal.Node), $"{proposal.Node} is of another group of nodes, or of none"),
            new("node", cluster.UnreadableNodes.Contains(proposal.Node), $"the NodeTuning of {proposal.Node} cannot be read"),
            new("tuner", !cluster.HasTuner(proposal.Node), $"no Tuner answers on node {proposal.Node}"),
            new("knob", unknown is not null, $"the Tuner of {proposal.Node} does not accept {unknown?.Sysctl}"),
            new("knob of the kernel", absent is not null, $"the kernel of {proposal.Node} has no {absent?.Sysctl}"),
            new("knob of the node", elsewhere is not null, $"on {proposal.Node}, {elsewhere?.Sysctl} is the node's for all pods"),
            new("node's own", own is not null, $"each network namespace has its own {own?.Sysctl}: the policy allows it for pods of the namespaces that it names, not for {proposal.Node} itself or for pods in its network namespace"),
            new("range", outside is not null, $"the Tuner of {proposal.Node} accepts {Knob(tuning, outside)?.Minimum} to {Knob(tuning, outside)?.Maximum} {Knob(tuning, outside)?.Unit}"),
            new("choice", unavailable is not null, $"{proposal.Node} has {unavailable?.Sysctl} {string.Join(", ", Knob(tuning, unavailable)?.Choices ?? [])}; {unavailable?.After} is not available"),
        ];
    }

    private static Gate[] Approval(OptimizationPolicySpec policy, SysctlProposal proposal, ClusterSnapshot cluster)
    {
        var recommendation = cluster.Unfinished(RecommendationKey.Of(proposal));
        var decision = recommendation?.Spec?.Approval;
        var isExpired = recommendation?.Spec?.ExpiresAt <= cluster.At;
        return
        [
            new("rejected", decision == ApprovalDecision.Rejected, $"{recommendation?.Metadata.Name} was rejected"),
            new("expired", decision == ApprovalDecision.Approved && isExpired, $"{recommendation?.Metadata.Name} was approved, but only until {recommendation?.Spec?.ExpiresAt:u}"),
            new("approval", policy.Approval == ApprovalPolicy.Required && decision != ApprovalDecision.Approved, $"it waits for the approval of {recommendation?.Metadata.Name ?? "its NetworkRecommendation"}"),
        ];
    }

    /// <summary>The workload's pods, at least the one that is changed first.</summary>
    private static ImmutableDictionary<string, int> ReachedByNode(ClusterSnapshot cluster, string @namespace, SysctlProposal proposal)
    {
        var pods = cluster.PodsByNode(@namespace, proposal.Workload, proposal.Node);
        return pods.ContainsKey(proposal.Node) ? pods : pods.Add(proposal.Node, 1);
    }

    private static bool IsControlPlane(ClusterSnapshot cluster, string node) =>
        cluster.Nodes.FirstOrDefault(metadata => metadata.Name == node)?.Labels.ContainsKey(ControlPlaneLabel) == true;

    private static AllowedSysctl? Allowed(OptimizationPolicySpec policy, string? sysctl) => policy.Sysctls.FirstOrDefault(allowed => allowed.Name == sysctl);

    private static KnobStatus? Knob(NodeTuning? tuning, SysctlWrite? write) => tuning?.Status?.Knobs.FirstOrDefault(knob => write is not null && knob.IsNamed(write.Sysctl));

    /// <summary>None where the value is a text, as a congestion control's name.</summary>
    private static List<long> Numbers(string value) =>
        [.. value.Split(' ').Select(field => long.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : (long?)null).OfType<long>()];

    /// <param name="Name">As it is told and counted.</param>
    /// <param name="IsClosed">Whether it stops the proposal.</param>
    /// <param name="Reason">For people, when it does.</param>
    private sealed record Gate(string Name, bool IsClosed, string Reason);
}
