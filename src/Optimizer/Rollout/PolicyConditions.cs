using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Rollout;

/// <summary>In a cluster the policy's own status says whether all that it asks for can be done, and if not what is missing: a role, a Tuner, the store.</summary>
public sealed class PolicyConditions(IObjectStore<OptimizationPolicy> store, IOptions<ClusterOptions> options, TimeProvider time)
{
    private const int MostTold = 5;

    /// <summary>A run ended midway: nothing of a snapshot is known.</summary>
    public async Task WriteFailureAsync(string problem, CancellationToken cancellationToken)
    {
        try
        {
            if (await store.FindAsync(options.Value.Policy, cancellationToken: cancellationToken) is { } policy)
            {
                await WriteAsync(policy, [problem], cancellationToken);
            }
        }
        catch (KubernetesException)
        {
            // The failure itself is in the log and on the page.
        }
    }

    /// <returns>Why it could not be written; <see langword="null"/> when it says what it should.</returns>
    public async Task<string?> WriteAsync(OptimizationPolicy policy, ImmutableArray<string> problems, CancellationToken cancellationToken)
    {
        if (policy.Metadata.Uid.Length == 0)
        {
            // There is none: we observe.
            return null;
        }

        var ready = new Condition
        {
            Type = "Ready",
            Status = problems.IsEmpty ? Condition.True : Condition.False,
            Reason = problems.IsEmpty ? "InForce" : "Problems",
            Message = problems.IsEmpty ? $"in force, mode {policy.Spec.Mode}" : string.Join("; ", problems.Order(StringComparer.Ordinal).Take(MostTold)),
            LastTransitionTime = time.GetUtcNow(),
            ObservedGeneration = policy.Metadata.Generation,
        };
        var before = policy.Status;
        if (before?.ObservedGeneration == policy.Metadata.Generation && before?.Conditions.OfType("Ready") is { } told && (told.Status, told.Message) == (ready.Status, ready.Message))
        {
            return null;
        }

        try
        {
            var status = new OptimizationPolicyStatus { ObservedGeneration = policy.Metadata.Generation, Conditions = (before?.Conditions ?? []).With(ready) };
            await store.ApplyStatusAsync(new OptimizationPolicy { Metadata = new ObjectMeta { Name = policy.Metadata.Name }, Status = status }, cancellationToken);
            return null;
        }
        catch (KubernetesException e)
        {
            return $"the policy's status could not be written: {e.Message}";
        }
    }
}
