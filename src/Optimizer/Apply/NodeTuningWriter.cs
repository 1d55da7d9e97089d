using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Apply;

/// <summary>Writes changes into the node's NodeTuning object, from where its Tuner takes them. Each step may be repeated.</summary>
public sealed class NodeTuningWriter(ObjectsDirectory objects)
{
    /// <summary>On the canary, with the time at which the Tuner undoes it by itself.</summary>
    /// <exception cref="IOException">Nothing was written.</exception>
    public void Begin(Change change) => Replace(change.Node, change.Name, Setting(change) with { RevertAt = change.RevertAt });

    /// <summary>From now on without an end.</summary>
    /// <exception cref="IOException">Nothing was written; the Tuner undoes the change at its time.</exception>
    public void Keep(Change change) => Replace(change.Node, change.Name, Setting(change));

    /// <summary>The Tuner then restores what held before.</summary>
    /// <exception cref="IOException">Nothing was written; the Tuner undoes the change at its time.</exception>
    public void Remove(string node, string name) => Replace(node, name, null);

    private static SysctlSetting Setting(Change change) => new()
    {
        Name = change.Name,
        Pod = change.Pod,
        Sysctl = change.Sysctl,
        Value = change.After,
        Reason = $"{change.Cause} on {change.Edge}",
    };

    private void Replace(string node, string name, SysctlSetting? setting)
    {
        var others = objects.ReadSpec(node).Settings.Where(other => other.Name != name);
        objects.Write(node, new NodeTuningSpec { Settings = setting is null ? [.. others] : [.. others, setting] });
    }
}
