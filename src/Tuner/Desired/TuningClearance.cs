using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Tuner.Desired;

/// <summary>Before we leave a cluster: pauses every policy, empties every NodeTuning, and waits until each node's Tuner says that what held before is back.</summary>
public sealed class TuningClearance(KubernetesClient client, TimeProvider time)
{
    /// <summary>Why policies are paused from then on.</summary>
    public const string Reason = "netpulse is being uninstalled";

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    /// <summary>An optimizer that read the policy just before the pause has written by then what it was about to.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    /// <summary>Prints a line for each node.</summary>
    /// <returns>0 when nothing of ours is left, 1 when a node has not said so in time.</returns>
    /// <exception cref="KubernetesException">It may not be asked or written.</exception>
    public async Task<int> RunAsync(TimeSpan wait, TextWriter output, CancellationToken cancellationToken = default)
    {
        foreach (var policy in (await client.ListAsync<OptimizationPolicy>(ResourceQuery.All, cancellationToken)).Items.Where(static policy => !policy.Spec.Paused.Contains(Reason)))
        {
            var paused = new JsonObject { ["spec"] = new JsonObject { ["paused"] = new JsonArray([.. policy.Spec.Paused.Append(Reason).Select(static reason => (JsonNode)reason)]) } };
            await client.PatchAsync<OptimizationPolicy>(policy.Metadata.Name, "", new ObjectPatch.Merge(paused), cancellationToken: cancellationToken);
        }

        var begun = time.GetTimestamp();
        var lastOpen = begun;
        var asked = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            var tunings = (await client.ListAsync<NodeTuning>(ResourceQuery.All, cancellationToken)).Items;
            foreach (var tuning in tunings.Where(static tuning => tuning.Spec.Settings.Count > 0))
            {
                var empty = new JsonObject { ["spec"] = new JsonObject { ["settings"] = new JsonArray() } };
                await client.PatchAsync<NodeTuning>(tuning.Metadata.Name, "", new ObjectPatch.Merge(empty), cancellationToken: cancellationToken);
                asked.Add(tuning.Metadata.Name);
            }

            var open = tunings.Where(static tuning => tuning.Spec.Settings.Count > 0 || Holds(tuning)).ToList();
            if (open.Count > 0)
            {
                lastOpen = time.GetTimestamp();
            }
            else if (time.GetElapsedTime(lastOpen) >= Quiet)
            {
                await output.WriteLineAsync($"{asked.Count} of {tunings.Length} nodes had settings; what held before is back everywhere");
                return 0;
            }

            if (open.Count > 0 && time.GetElapsedTime(begun) > wait)
            {
                foreach (var tuning in open)
                {
                    await output.WriteLineAsync($"{tuning.Metadata.Name}: not back: {string.Join(", ", Held(tuning))}; its Tuner was last heard {tuning.Status?.ObservedAt:u}. On the node: netpulse-tuner revert --state /var/lib/netpulse/tuner");
                }

                return 1;
            }

            await Task.Delay(LookEvery, time, cancellationToken);
        }
    }

    private static bool Holds(NodeTuning tuning) => Held(tuning).Any();

    /// <summary>What its Tuner says is still there, or could not be put back yet.</summary>
    private static IEnumerable<string> Held(NodeTuning tuning) =>
        tuning.Status?.Settings.Where(static setting => setting.State is SettingState.Applied or SettingState.Failed).Select(static setting => setting.Name) ?? [];
}
