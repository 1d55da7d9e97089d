using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Rollout;

/// <summary>What the nodes' desired settings and their Tuners say of one change.</summary>
internal sealed class ChangePlace(Change change, ClusterSnapshot cluster)
{
    private readonly ImmutableArray<(string Node, NodeTuning? Tuning)> nodes = [.. change.Nodes.Select(node => (node, cluster.NodeTunings.GetValueOrDefault(node)))];

    /// <summary>Whether any node is to have any of it.</summary>
    public bool IsDesired => nodes.Any(node => node.Tuning?.Spec.Settings.Any(setting => change.IsSetting(setting.Name)) == true);

    /// <summary>Whether somebody took it out of the canary's node, whose settings are there; not where that node is yet to be given the whole workload's grant (again).</summary>
    public bool IsRemoved => (!change.Reach.IsGranted || (change.Reach.Nodes.Contains(change.Node) && !change.Reach.Joining.Contains(change.Node)))
        && Tuning(change.Node) is { } tuning && !tuning.Spec.Settings.Any(setting => change.IsSetting(setting.Name));

    /// <summary>Whether every node is to have all that the change says of it.</summary>
    public bool IsWholeDesired => nodes.All(node => change.SettingsOn(node.Node, change.RevertAt).All(wanted =>
        node.Tuning?.Spec.Settings.Any(setting => setting.Name == wanted.Name && setting.RevertAt == wanted.RevertAt && setting.Pod == wanted.Pod && setting.Workload == wanted.Workload) == true));

    /// <summary>The status that speaks for the change: of the canary's settings, or of those of the whole workload, the one that is furthest from being in force; of several nodes the nearest.</summary>
    public SettingStatus? Speaking
    {
        get
        {
            var names = change.SettingNames.ToHashSet(StringComparer.Ordinal);
            var speaking = (change.Reach.IsGranted ? nodes.Select(node => node.Node) : [change.Node])
                .Select(node => Tuning(node)?.Status?.Settings.Where(status => names.Contains(status.Name)).MaxBy(status => status.State != SettingState.Applied))
                .OfType<SettingStatus>().ToList();
            return speaking.Find(status => status.State is SettingState.Applied or SettingState.Failed) ?? speaking.FirstOrDefault();
        }
    }

    /// <summary>The status by which a Tuner has ended it, or somebody else's value in any of its namespaces; <see langword="null"/> while it is ours.</summary>
    public SettingStatus? Ended => Speaking is { State: SettingState.Refused or SettingState.Overridden or SettingState.NamespaceGone or SettingState.Reverted } ended
        ? ended
        : nodes.SelectMany(node => node.Tuning?.Status?.Settings ?? []).FirstOrDefault(status => status.State == SettingState.Overridden && change.IsSetting(status.Name));

    /// <summary>Whether no Tuner that answers holds anything of it.</summary>
    public bool IsHeldNowhere => nodes.All(node => node.Tuning?.Status?.Settings.Any(status => change.IsSetting(status.Name) && status.State is SettingState.Applied or SettingState.Failed) != true);

    /// <summary>Nodes whose Tuner answers and which the whole workload's grant does not reach yet.</summary>
    public ImmutableArray<string> NewNodes => change.Reach.IsGranted ? [.. cluster.NodesWithTuner.Where(cluster.HasNode).Except(change.Reach.Nodes, StringComparer.Ordinal)] : [];

    /// <summary>Nodes that were to be given the grant later and do not have it.</summary>
    public ImmutableArray<string> NotJoined => change.Reach.Joining.RemoveAll(node => Tuning(node)?.Spec.Settings.Any(setting => change.IsSetting(setting.Name)) == true);

    /// <summary>When the Tuner looked that has not looked for longest.</summary>
    public DateTimeOffset OldestLook => nodes.Min(node => node.Tuning?.Status?.ObservedAt ?? DateTimeOffset.MinValue);

    /// <summary>Where it is not in force, and why.</summary>
    public string Missing => string.Join("; ", Unapplied().Select(setting => $"{setting.Name}: {setting.Status?.Message ?? "no answer"}"));

    public bool HaveAllLookedSince(DateTimeOffset moment) => nodes.All(node => node.Tuning?.Status?.ObservedAt > moment);

    /// <summary>
    /// Whether all of it is in force, where it is desired as a whole: by what the Tuners said of that generation, or after the moment where generations are not counted. A pod that has
    /// gone meanwhile needs nothing.
    /// </summary>
    public bool IsInForceSince(DateTimeOffset moment) => nodes.All(node => HasLooked(node.Tuning, moment)) && !Unapplied().Any();

    private static bool HasLooked(NodeTuning? tuning, DateTimeOffset moment) => tuning is { Status: { } status, Metadata: var metadata }
        && (metadata.Generation is { } stored && status.ObservedGeneration is { } seen ? seen >= stored : status.ObservedAt > moment);

    private IEnumerable<(string Name, SettingStatus? Status)> Unapplied() =>
        from node in nodes
        from wanted in change.SettingsOn(node.Node, change.RevertAt)
        where wanted.Pod is null || cluster.PodNamed(wanted.Pod.Namespace, wanted.Pod.Name) is not null
        let status = node.Tuning?.Status?.Settings.FirstOrDefault(status => status.Name == wanted.Name)
        where status is not { State: SettingState.Applied }
        select (wanted.Name, status);

    private NodeTuning? Tuning(string node) => cluster.NodeTunings.GetValueOrDefault(node);
}
