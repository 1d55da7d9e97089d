using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Proposals;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Apply;

/// <summary>One change as it is journaled before it is made: all that is needed to judge it, keep it or undo it after we were killed.</summary>
/// <param name="Name">Also the name of the first setting in the NodeTuning object; a lower-case DNS name.</param>
/// <param name="Cause">Why.</param>
/// <param name="Node">Whose NodeTuning.</param>
/// <param name="Pod">Whose network namespace; <see langword="null"/> for the node's own.</param>
/// <param name="Workload">The pod's; empty for the node's own.</param>
/// <param name="Writes">At least one; made and undone together.</param>
/// <param name="Objective">What it is to improve, and how that is measured.</param>
/// <param name="Controls">The same of comparable subjects that stay untouched meanwhile.</param>
/// <param name="TroubleSince">Begin of the anomaly; measurements before it are not what the change is compared with.</param>
/// <param name="Expected">Of the objective, in its unit.</param>
/// <param name="TakesEffect">For whom.</param>
/// <param name="PlannedAt">When it was decided.</param>
/// <param name="JudgeAfter">How long it is measured.</param>
/// <param name="RevertAt">When the Tuner undoes it by itself, unless it was kept by then.</param>
public sealed record Change(
    string Name,
    Cause Cause,
    string Node,
    PodReference? Pod,
    string Workload,
    ImmutableArray<SysctlWrite> Writes,
    Objective Objective,
    ImmutableArray<Objective> Controls,
    DateTimeOffset TroubleSince,
    double Expected,
    TakesEffect TakesEffect,
    DateTimeOffset PlannedAt,
    TimeSpan JudgeAfter,
    DateTimeOffset RevertAt)
{
    /// <summary>Whose network namespace, in words.</summary>
    [JsonIgnore]
    public string Target => Pod?.ToString() ?? $"node {Node}";

    /// <summary>The names of its settings in the NodeTuning object, one a write.</summary>
    [JsonIgnore]
    public IEnumerable<string> SettingNames => Enumerable.Range(0, Writes.Length).Select(SettingName);

    /// <summary>NAME for the first write, NAME-2 for the second.</summary>
    public string SettingName(int write) => write == 0 ? Name : $"{Name}-{write + 1}";

    /// <summary>Whether what it changes is at an end of the subject: such a subject is no untouched control, and is explained anew once the change has ended.</summary>
    public bool Touches(Subject subject) => Objective.Subject == subject || (Pod is null
        ? subject.Node == Node
        : Is(subject.Owner) || (subject is Subject.OfEdge { Edge.Peer: var peer } && Is(peer)));

    private bool Is(WorkloadIdentity identity) => identity.Pod == Pod!.Name && identity.Namespace == Pod.Namespace;

    public override string ToString() => $"{string.Join(", ", Writes)} in {Target}";
}
