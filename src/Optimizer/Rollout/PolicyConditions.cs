using System.Collections.Immutable;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Rollout;

/// <summary>In a cluster the policy's own status says whether all that it asks for can be done, and if not what is missing: a role, a Tuner, the store.</summary>
public sealed class PolicyConditions(IObjectStore<OptimizationPolicy> store)
{
    private const int MostTold = 5;

    /// <returns>Why it could not be written; <see langword="null"/> when it says what it should.</returns>
    public async Task<string?> WriteAsync(ClusterSnapshot cluster, ImmutableArray<string> problems, CancellationToken cancellationToken)
    {
        if (cluster.Policy.Metadata.Uid.Length == 0)
        {
            // There is none: we observe.
            return null;
        }

        var ready = new Condition
        {
            Type = "Ready",
            Status = problems.IsEmpty ? Condition.True : Condition.False,
            Reason = problems.IsEmpty ? "InForce" : "Problems",
            Message = problems.IsEmpty ? $"in force, mode {cluster.Policy.Spec.Mode}" : string.Join("; ", problems.Order(StringComparer.Ordinal).Take(MostTold)),
            LastTransitionTime = cluster.At,
            ObservedGeneration = cluster.Policy.Metadata.Generation,
        };
        var before = cluster.Policy.Status;
        if (before?.ObservedGeneration == cluster.Policy.Metadata.Generation && before?.Conditions.OfType("Ready") is { } told && (told.Status, told.Message) == (ready.Status, ready.Message))
        {
            return null;
        }

        try
        {
            var status = new OptimizationPolicyStatus { ObservedGeneration = cluster.Policy.Metadata.Generation, Conditions = (before?.Conditions ?? []).With(ready) };
            await store.ApplyStatusAsync(new OptimizationPolicy { Metadata = new ObjectMeta { Name = cluster.Policy.Metadata.Name }, Status = status }, cancellationToken);
            return null;
        }
        catch (KubernetesException e)
        {
            return $"the policy's status could not be written: {e.Message}";
        }
    }
}
