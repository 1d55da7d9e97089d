using System.Collections.Immutable;
using System.Text.Json.Serialization;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;
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
/// <param name="TroubleSince">Begin of what the cause was found in: the trouble, or the end of an earlier change; measurements before it are not what the change is compared with.</param>
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
    SysctlEffect TakesEffect,
    DateTimeOffset PlannedAt,
    TimeSpan JudgeAfter,
    DateTimeOffset RevertAt)
{
    /// <summary>Between a setting's name and the number of the pod that it is for.</summary>
    private const char StagedSeparator = '.';

    /// <summary>How far it has been taken.</summary>
    public Reach Reach { get; init; } = Reach.Canary;

    /// <summary>What it may pin at most, in one namespace.</summary>
    public long MemoryCostBytes { get; init; }

    /// <summary>Shares of the workload's pods, in per cent, to which it is taken one after the other once the canary is verified.</summary>
    public ImmutableArray<int> Stages { get; init; } = [100];

    /// <summary>How long the whole is watched before it is kept.</summary>
    public TimeSpan Watch { get; init; }

    /// <summary>Every node whose NodeTuning has a setting of it.</summary>
    [JsonIgnore]
    public IEnumerable<string> Nodes => new[] { Node }.Concat(Reach.Pods.Select(place => place.Node)).Concat(Reach.Nodes).Distinct(StringComparer.Ordinal);

    /// <summary>Whose network namespace, in words.</summary>
    [JsonIgnore]
    public string Target => Pod?.ToString() ?? $"node {Node}";

    /// <summary>The names of the canary's, or later the workload's, settings in the NodeTuning object, one a write.</summary>
    [JsonIgnore]
    public IEnumerable<string> SettingNames => Enumerable.Range(0, Writes.Length).Select(SettingName);

    /// <summary>NAME for the first write, NAME-2 for the second.</summary>
    public string SettingName(int write) => write == 0 ? Name : $"{Name}-{write + 1}";

    /// <summary>Whether a setting is one of this change, at any stage.</summary>
    public bool IsSetting(string name) => SettingNames.Any(own => name == own || (name.StartsWith(own, StringComparison.Ordinal) && name[own.Length] == StagedSeparator));

    /// <summary>What the node's NodeTuning should say of it now.</summary>
    /// <param name="node">One of <see cref="Nodes"/>.</param>
    /// <param name="revertAt">When the Tuner undoes it by itself; <see langword="null"/> for never.</param>
    public IEnumerable<SysctlSetting> SettingsOn(string node, DateTimeOffset? revertAt)
    {
        for (var i = 0; i < Writes.Length; i++)
        {
            var setting = new SysctlSetting
            {
                Name = SettingName(i),
                Change = Writes.Length > 1 ? Name : null,
                Pod = Pod,
                Sysctl = Writes[i].Sysctl,
                Value = Writes[i].After,
                RevertAt = revertAt,
                Reason = $"{Cause} on {Objective.Subject}",
            };
            if (Reach.IsGranted)
            {
                yield return setting with { Pod = null, Workload = new WorkloadReference { Namespace = Pod!.Namespace, Name = Workload } };
                continue;
            }

            if (node == Node)
            {
                yield return setting;
            }

            for (var k = 0; k < Reach.Pods.Length; k++)
            {
                if (Reach.Pods[k].Node == node)
                {
                    yield return setting with { Name = $"{setting.Name}{StagedSeparator}{k + 1}", Change = setting.Change is null ? null : $"{Name}{StagedSeparator}{k + 1}", Pod = Reach.Pods[k].Pod };
                }
            }
        }
    }

    /// <summary>Whether what it changes is at an end of the subject: such a subject is no untouched control, and is explained anew once the change has ended.</summary>
    public bool Touches(Subject subject) => Objective.Subject == subject || (Pod is null
        ? subject.Node == Node
        : Is(subject.Owner) || (subject is Subject.OfEdge { Edge.Peer: var peer } && Is(peer)));

    private bool Is(WorkloadIdentity identity) => identity.Namespace == Pod!.Namespace && (Reach.IsGranted
        ? identity.Workload == Workload
        : identity.Pod == Pod.Name || Reach.Pods.Any(place => place.Pod.Name == identity.Pod));

    /// <summary>What it may pin at most, by node: in every namespace that it has reached.</summary>
    public ImmutableDictionary<string, long> MemoryByNode(ClusterSnapshot cluster) => Reach.IsGranted
        ? cluster.PodsByNode(Pod!.Namespace, Workload, Node).ToImmutableDictionary(on => on.Key, on => on.Value * MemoryCostBytes)
        : Reach.Pods.Select(place => place.Node).Prepend(Node).CountBy(node => node).ToImmutableDictionary(on => on.Key, on => on.Value * MemoryCostBytes);

    public override string ToString() => $"{string.Join(", ", Writes)} in {Target}";
}
