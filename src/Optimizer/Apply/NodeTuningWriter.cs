using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Apply;

/// <summary>Writes changes into the node's NodeTuning object, from where its Tuner takes them. Each step may be repeated.</summary>
public sealed class NodeTuningWriter(IClusterObjects objects)
{
    /// <summary>On the canary, with the time at which the Tuner undoes it by itself.</summary>
    /// <exception cref="IOException">Nothing was written.</exception>
    public Task BeginAsync(Change change, CancellationToken cancellationToken) => ReplaceAsync(change, Settings(change, change.RevertAt), cancellationToken);

    /// <summary>From now on without an end.</summary>
    /// <exception cref="IOException">Nothing was written; the Tuner undoes the change at its time.</exception>
    public Task KeepAsync(Change change, CancellationToken cancellationToken) => ReplaceAsync(change, Settings(change, null), cancellationToken);

    /// <summary>The Tuner then restores what held before.</summary>
    /// <exception cref="IOException">Nothing was written; the Tuner undoes the change at its time.</exception>
    public Task RemoveAsync(Change change, CancellationToken cancellationToken) => ReplaceAsync(change, [], cancellationToken);

    private static IEnumerable<SysctlSetting> Settings(Change change, DateTimeOffset? revertAt) => change.Writes.Select((write, index) => new SysctlSetting
    {
        Name = change.SettingName(index),
        Change = change.Writes.Length > 1 ? change.Name : null,
        Pod = change.Pod,
        Sysctl = write.Sysctl,
        Value = write.After,
        RevertAt = revertAt,
        Reason = $"{change.Cause} on {change.Objective.Subject}",
    });

    private Task ReplaceAsync(Change change, IEnumerable<SysctlSetting> settings, CancellationToken cancellationToken)
    {
        var names = change.SettingNames.ToHashSet(StringComparer.Ordinal);
        return objects.ReplaceSettingsAsync(change.Node, stored => stored.Where(other => !names.Contains(other.Name)).Concat(settings), "", cancellationToken);
    }
}
