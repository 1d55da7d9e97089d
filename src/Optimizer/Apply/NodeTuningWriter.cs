using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Apply;

/// <summary>Writes changes into the nodes' NodeTuning objects, from where their Tuners take them. Each step may be repeated.</summary>
/// <remarks>A node that refuses keeps no other from its write; a server that answers nobody is not asked for each of thousands.</remarks>
public sealed class NodeTuningWriter(IClusterObjects objects, RecommendationNames names)
{
    /// <summary>Nodes that are written at the same time, and refusals in a row of what would meet the next node as well after which a pass ends.</summary>
    private const int AtOnce = 32;

    /// <summary>Whether <see cref="BeginAsync"/> would be taken; nothing is stored.</summary>
    /// <exception cref="IOException">It would not, and why: a role that is missing, an admission policy.</exception>
    public Task TryAsync(Change change, CancellationToken cancellationToken) =>
        ReplaceAsync(objects.TryReplaceSettingsAsync, change, change.Nodes, (node, _) => change.SettingsOn(node, change.RevertAt), cancellationToken);

    /// <summary>Asked right before a write: whether the policy, as it is now, has ceased to allow the change.</summary>
    /// <returns>Why; <see langword="null"/> while it allows it.</returns>
    /// <exception cref="IOException">The policy is not known.</exception>
    public async Task<string?> WithdrawnAsync(Change change, CancellationToken cancellationToken) => Guard.Withdrawn(change, (await objects.ReadAsync(cancellationToken)).Policy.Spec);

    /// <summary>As far as it is to reach now, with the time at which the Tuner undoes it by itself.</summary>
    /// <exception cref="IOException">Not everything was written; what was is undone by the Tuner at its time, or removed.</exception>
    public Task BeginAsync(Change change, CancellationToken cancellationToken) =>
        ReplaceAsync(objects.ReplaceSettingsAsync, change, change.Nodes, (node, _) => change.SettingsOn(node, change.RevertAt), cancellationToken);

    /// <summary>From now on without an end: on the nodes that join, or else wherever nobody has removed it.</summary>
    /// <exception cref="IOException">Not everything was written; the Tuner undoes the rest at its time.</exception>
    public Task KeepAsync(Change change, CancellationToken cancellationToken) => change.Reach.Joining is { IsEmpty: false } joining
        ? ReplaceAsync(objects.ReplaceSettingsAsync, change, joining, (node, _) => change.SettingsOn(node, null), cancellationToken)
        : ReplaceAsync(objects.ReplaceSettingsAsync, change, change.Nodes, (node, isThere) => isThere ? change.SettingsOn(node, null) : [], cancellationToken);

    /// <summary>The Tuners then restore what held before.</summary>
    /// <exception cref="IOException">Not everything was removed; the Tuner undoes the rest at its time.</exception>
    public Task RemoveAsync(Change change, CancellationToken cancellationToken) => ReplaceAsync(objects.ReplaceSettingsAsync, change, change.Nodes, static (_, _) => [], cancellationToken);

    /// <param name="replace">How.</param>
    /// <param name="change">Whose settings.</param>
    /// <param name="nodes">In whose NodeTunings.</param>
    /// <param name="settings">What they become on a node, and whether any of them is there now.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="IOException">Not every node was written: its refusal where it was one, else how many and the first.</exception>
    private async Task ReplaceAsync(Replacement replace, Change change, IEnumerable<string> nodes, Func<string, bool, IEnumerable<SysctlSetting>> settings, CancellationToken cancellationToken)
    {
        var failures = new ConcurrentQueue<IOException>();
        var inVain = 0;
        await Parallel.ForEachAsync(nodes, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (node, ended) =>
        {
            if (Volatile.Read(ref inVain) >= AtOnce)
            {
                return;
            }

            try
            {
                await replace(
                    node,
                    stored => stored.Where(other => !change.IsSetting(other.Name)).Concat(settings(node, stored.Any(other => change.IsSetting(other.Name)))),
                    names.Of(change),
                    ended);
                Volatile.Write(ref inVain, 0);
            }
            catch (IOException e)
            {
                failures.Enqueue(e);
                if (e is KubernetesException { Fault: ApiFault.Unreachable or ApiFault.Unavailable or ApiFault.Throttled or ApiFault.Unauthorized or ApiFault.Forbidden })
                {
                    Interlocked.Increment(ref inVain);
                }
            }
        });
        if (failures.TryDequeue(out var first))
        {
            if (!failures.IsEmpty)
            {
                throw new IOException($"{failures.Count + 1} nodes refused, the first: {first.Message}", first);
            }

            ExceptionDispatchInfo.Throw(first);
        }
    }

    private delegate Task Replacement(string node, Func<IReadOnlyList<SysctlSetting>, IEnumerable<SysctlSetting>> change, string recommendation, CancellationToken cancellationToken);
}
