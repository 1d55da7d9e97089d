using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Apply;

/// <summary>Writes changes into the node's NodeTuning object, from where its Tuner takes them. Each step may be repeated.</summary>
public sealed class NodeTuningWriter(ObjectsDirectory objects)
{
    /// <summary>On the canary, with the time at which the Tuner undoes it by itself.</summary>
    /// <exception cref="IOException">Nothing was written.</exception>
    public void Begin(Change change) => Replace(change, Settings(change, change.RevertAt));

    /// <summary>From now on without an end.</summary>
    /// <exception cref="IOException">Nothing was written; the Tuner undoes the change at its time.</exception>
    public void Keep(Change change) => Replace(change, Settings(change, null));

    /// <summary>The Tuner then restores what held before.</summary>
    /// <exception cref="IOException">Nothing was written; the Tuner undoes the change at its time.</exception>
    public void Remove(Change change) => Replace(change, []);

    private static IEnumerable<SysctlSetting> Settings(Change change, DateTimeOffset? revertAt) => change.Writes.Select((write, index) => new SysctlSetting
    {
        Name = change.SettingName(index),
        Pod = change.Pod,
        Sysctl = write.Sysctl,
        Value = write.After,
        RevertAt = revertAt,
        Reason = $"{change.Cause} on {change.Objective.Subject}",
    });

    private void Replace(Change change, IEnumerable<SysctlSetting> settings)
    {
        var names = change.SettingNames.ToHashSet(StringComparer.Ordinal);
        var others = objects.ReadSpec(change.Node).Settings.Where(other => !names.Contains(other.Name));
        objects.Write(change.Node, new NodeTuningSpec { Settings = [.. others, .. settings] });
    }
}
