using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Apply;

/// <summary>Writes changes into the node's NodeTuning object, from where its Tuner takes them. Each step may be repeated.</summary>
public sealed class NodeTuningWriter(IClusterObjects objects)
{
    /// <summary>On the canary, with the time at which the Tuner undoes it by itself.</summary>
    /// <exception cref="IOException">Nothing was written.</exception>
    public Task BeginAsync(Change change, CancellationToken cancellationToken) => ReplaceAsync(change.Node, change.Name, Setting(change) with { RevertAt = change.RevertAt }, cancellationToken);

    /// <summary>From now on without an end.</summary>
    /// <exception cref="IOException">Nothing was written; the Tuner undoes the change at its time.</exception>
    public Task KeepAsync(Change change, CancellationToken cancellationToken) => ReplaceAsync(change.Node, change.Name, Setting(change), cancellationToken);

    /// <summary>The Tuner then restores what held before.</summary>
    /// <exception cref="IOException">Nothing was written; the Tuner undoes the change at its time.</exception>
    public Task RemoveAsync(string node, string name, CancellationToken cancellationToken) => ReplaceAsync(node, name, null, cancellationToken);

    private static SysctlSetting Setting(Change change) => new()
    {
        Name = change.Name,
        Pod = change.Pod,
        Sysctl = change.Sysctl,
        Value = change.After,
        Reason = $"{change.Cause} on {change.Edge}",
    };

    private Task ReplaceAsync(string node, string name, SysctlSetting? setting, CancellationToken cancellationToken) => objects.ReplaceSettingsAsync(
        node,
        settings => settings.Where(other => other.Name != name).Concat(setting is null ? [] : [setting]),
        "",
        cancellationToken);
}
