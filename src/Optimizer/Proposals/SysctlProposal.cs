using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;

namespace NetPulse.Optimizer.Proposals;

/// <summary>One change of sysctls of one network namespace, made and undone together, with its reason and what to expect of it.</summary>
/// <param name="Finding">The proven cause.</param>
/// <param name="At">Where it is to be made.</param>
/// <param name="Writes">At least one, in the order in which they are to be written.</param>
/// <param name="Objective">What it is to improve.</param>
/// <param name="Measured">The objective's value now, in its unit.</param>
/// <param name="Expected">The value to expect.</param>
/// <param name="MemoryCostBytes">What the change may pin at most.</param>
/// <param name="TakesEffect">For whom, and when.</param>
public sealed record SysctlProposal(
    Finding Finding,
    Target At,
    ImmutableArray<SysctlWrite> Writes,
    Objective Objective,
    double Measured,
    double Expected,
    long MemoryCostBytes,
    SysctlEffect TakesEffect)
{
    /// <summary>What such changes did to the workload before; empty when nothing is known.</summary>
    public string Learned { get; init; } = "";

    public string Node => At.Node;

    /// <summary>Whose network namespace; <see langword="null"/> for the node's own.</summary>
    public PodReference? Pod => At.Pod;

    /// <summary>The pod's; empty for the node's own.</summary>
    public string Workload => At.Workload;

    /// <summary>The same objective of comparable subjects that stay untouched while this one is judged; none when there are none.</summary>
    public ImmutableArray<Objective> Controls { get; init; } = [];

    /// <summary>Why it is for a person to carry out and not for us; empty where it is for us.</summary>
    public string Obstacle { get; init; } = "";

    /// <summary>What is left for sockets before the change; <see langword="null"/> where it was not measured.</summary>
    public long? MemoryLeftBytes { get; init; }

    /// <summary>Whose network namespace, in words.</summary>
    public string Target => Pod?.ToString() ?? $"node {Node}";

    /// <summary>What tells it from another proposal of the same run.</summary>
    public string Key => $"{Target} {string.Join(' ', Writes.Select(write => write.Sysctl))}";

    /// <summary>As a diff of the namespace's sysctls.</summary>
    public string Diff => string.Join('\n', Writes.SelectMany(write => new[] { $"- {write.Sysctl} = {write.Before}", $"+ {write.Sysctl} = {write.After}" }));

    private string Values => string.Join(", and ", Writes.Select(write => $"{write.Sysctl} from \"{write.Before}\" to \"{write.After}\""));

    public override string ToString() =>
        $"in {Target}, set {Values}; expected {Objective.Name}: {Objective.Text(Measured)} → {Objective.Text(Expected)}{(Learned.Length > 0 ? $", {Learned}" : "")}; "
        + $"costs at most {Text.Bytes(MemoryCostBytes)} of memory{(MemoryLeftBytes is { } left ? $" of {Text.Bytes(left)} left for sockets" : "")}; takes effect for {SysctlEffectText.Of(TakesEffect)}{(Obstacle.Length > 0 ? $"; not by us: {Obstacle}" : "")}";
}
