using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Apply;

/// <summary>Writes changes into the node's NodeTuning object, from where its Tuner takes them. Each step may be repeated.</summary>
public sealed class NodeTuningWriter(IClusterObjects objects, RecommendationNames names)
{
    /// <summary>Whether <see cref="BeginAsync"/> would be taken; nothing is stored.</summary>
    /// <exception cref="IOException">It would not, and why: a role that is missing, an admission policy.</exception>
    public Task TryAsync(Change change, CancellationToken cancellationToken) => ReplaceAsync(objects.TryReplaceSettingsAsync, change, node => change.SettingsOn(node, change.RevertAt), cancellationToken);

    /// <summary>As far as it is to reach now, with the time at which the Tuner undoes it by itself.</summary>
    /// <exception cref="IOException">Not everything was written; what was is undone by the Tuner at its time, or removed.</exception>
    public Task BeginAsync(Change change, CancellationToken cancellationToken) => ReplaceAsync(objects.ReplaceSettingsAsync, change, node => change.SettingsOn(node, change.RevertAt), cancellationToken);

    /// <summary>From now on without an end.</summary>
    /// <exception cref="IOException">Not everything was written; the Tuner undoes the rest at its time.</exception>
    public Task KeepAsync(Change change, CancellationToken cancellationToken) => ReplaceAsync(objects.ReplaceSettingsAsync, change, node => change.SettingsOn(node, null), cancellationToken);

    /// <summary>The Tuners then restore what held before.</summary>
    /// <exception cref="IOException">Not everything was removed; the Tuner undoes the rest at its time.</exception>
    public Task RemoveAsync(Change change, CancellationToken cancellationToken) => ReplaceAsync(objects.ReplaceSettingsAsync, change, static _ => [], cancellationToken);

    private async Task ReplaceAsync(Replacement replace, Change change, Func<string, IEnumerable<SysctlSetting>> settings, CancellationToken cancellationToken)
    {
        foreach (var node in change.Nodes)
        {
            await replace(node, stored => stored.Where(other => !change.IsSetting(other.Name)).Concat(settings(node)), names.Of(change), cancellationToken);
        }
    }

    private delegate Task Replacement(string node, Func<IReadOnlyList<SysctlSetting>, IEnumerable<SysctlSetting>> change, string recommendation, CancellationToken cancellationToken);
}
