using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Classes;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>All pods as groups. Workloads of which one's selector also selects the other's pods are one group: a policy could not tell them apart.</summary>
internal sealed class WorkloadGroups
{
    private readonly Dictionary<string, WorkloadGroup> byPod = new(StringComparer.Ordinal);

    private WorkloadGroups(List<WorkloadGroup> all, ImmutableArray<Pod> unselectable)
    {
        All = all;
        Unselectable = unselectable;
        foreach (var group in all)
        {
            foreach (var pod in group.Pods)
            {
                byPod.TryAdd($"{pod.Metadata.Namespace}/{pod.Metadata.Name}", group);
            }
        }
    }

    public IReadOnlyList<WorkloadGroup> All { get; }

    /// <summary>Pods that carry no label that stays.</summary>
    public ImmutableArray<Pod> Unselectable { get; }

    /// <summary>Null for a pod that no selector can name, and for one that policies do not apply to.</summary>
    public WorkloadGroup? Of(string pod) => byPod.GetValueOrDefault(pod);

    public static WorkloadGroups Of(RecommendationInputs inputs)
    {
        var unselectable = ImmutableArray.CreateBuilder<Pod>();
        var workloads = new List<WorkloadGroup>();
        var managed = inputs.Cluster.Pods.Where(Party.IsManaged)
            .GroupBy(pod => (pod.Metadata.Namespace, Owner: Owner(inputs, pod)))
            .OrderBy(static w => w.Key.Namespace, StringComparer.Ordinal).ThenBy(static w => w.Key.Owner, StringComparer.Ordinal);
        foreach (var workload in managed)
        {
            List<Pod> pods = [.. workload];
            var labels = StableLabels.Of(pods);
            if (labels.Count == 0)
            {
                unselectable.AddRange(pods);
                continue;
            }

            var name = Name(workload.Key.Owner, labels);
            if (labels.TryGetValue(DnsNeeds.ServerLabel, out var server) && DnsNeeds.IsServerName(server))
            {
                // What every distribution's DNS service selects by, whatever else its pods carry.
                labels = new SortedDictionary<string, string>(StringComparer.Ordinal) { [DnsNeeds.ServerLabel] = server };
            }

            workloads.Add(new WorkloadGroup(workload.Key.Namespace, name, labels.ToImmutableSortedDictionary(StringComparer.Ordinal), [.. pods]));
        }

        return new WorkloadGroups([.. workloads.GroupBy(static w => w.Namespace, StringComparer.Ordinal).SelectMany(static w => Merge([.. w]))], unselectable.DrainToImmutable());
    }

    /// <summary>Without a known owner, pods with the same labels are one workload.</summary>
    private static string Owner(RecommendationInputs inputs, Pod pod) =>
        inputs.Owners.TryGetValue($"{pod.Metadata.Namespace}/{pod.Metadata.Name}", out var owner) && owner.Length > 0
            ? owner
            : $"labels {string.Join(',', StableLabels.Of([pod]).Select(static l => $"{l.Key}={l.Value}"))}";

    private static string Name(string owner, SortedDictionary<string, string> labels) =>
        owner.StartsWith("labels ", StringComparison.Ordinal)
            ? labels.GetValueOrDefault(Pod.WorkloadLabel) ?? labels.GetValueOrDefault("app") ?? labels.GetValueOrDefault("k8s-app") ?? labels.Values.First()
            : owner[(owner.IndexOf('/', StringComparison.Ordinal) + 1)..];

    /// <summary>From the widest selector on, each takes in the workloads whose pods it selects.</summary>
    private static IEnumerable<WorkloadGroup> Merge(List<WorkloadGroup> workloads)
    {
        var rest = workloads.OrderBy(static w => w.Selector.Count).ThenBy(static w => w.Name, StringComparer.Ordinal).ToList();
        while (rest.Count > 0)
        {
            var widest = rest[0];
            var taken = rest.Where(w => w.Pods.Any(widest.Matches)).ToList();
            rest.RemoveAll(taken.Contains);
            yield return widest with { Pods = [.. taken.SelectMany(static w => w.Pods)] };
        }
    }
}
