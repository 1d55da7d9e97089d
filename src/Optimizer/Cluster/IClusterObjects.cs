using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Cluster;

/// <summary>The Kubernetes objects that the loop reads and writes.</summary>
public interface IClusterObjects
{
    /// <summary>The policy where it is at hand before anything runs; <see langword="null"/> where the API server is yet to be asked.</summary>
    /// <exception cref="IOException">There is one and it cannot be used: the start is refused.</exception>
    OptimizationPolicy? PolicyAtStart();

    /// <summary>The fencing token of the term in which this process may write; <see langword="null"/> while another leads, empty where there is only one. A number alone would be the same in two Leases, of which one was deleted.</summary>
    string? Term { get; }

    /// <summary>All of one moment, as last known.</summary>
    /// <exception cref="IOException">Nothing is known yet.</exception>
    Task<ClusterSnapshot> ReadAsync(CancellationToken cancellationToken = default);

    /// <summary>Makes a node's desired settings what <paramref name="change"/> makes of those that stand there, in one step; where that changes nothing, nothing is written. Any number of nodes at once.</summary>
    /// <param name="node">Whose NodeTuning; it is made where there is none and something is to stand in it.</param>
    /// <param name="change">May be asked again, when somebody else wrote in between.</param>
    /// <param name="recommendation">The recommendation behind it, which the object then names; empty: none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IOException">Nothing was replaced; a <see cref="KubernetesException"/> where the API server refused.</exception>
    Task ReplaceSettingsAsync(string node, Func<IReadOnlyList<SysctlSetting>, IEnumerable<SysctlSetting>> change, string recommendation, CancellationToken cancellationToken = default);

    /// <summary>Whether <see cref="ReplaceSettingsAsync"/> would be taken; nothing is stored.</summary>
    /// <exception cref="IOException">It would not, and why.</exception>
    Task TryReplaceSettingsAsync(string node, Func<IReadOnlyList<SysctlSetting>, IEnumerable<SysctlSetting>> change, string recommendation, CancellationToken cancellationToken = default);
}
