using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Rollout;

/// <summary>In a cluster the policy's own status says whether all that it asks for can be done, and if not what is missing: a role, a Tuner, the store.</summary>
/// <param name="store">Fenced: only the leader writes through it.</param>
/// <param name="client">For those who cannot become the leader.</param>
/// <param name="objects">Tell what cannot be done with the API server.</param>
/// <param name="events">Where the status itself cannot be written.</param>
/// <param name="options">Name the policy.</param>
/// <param name="time">Of the conditions.</param>
public sealed class PolicyConditions(IObjectStore<OptimizationPolicy> store, KubernetesClient client, ClusterObjects objects, ProblemEvents events, IOptions<ClusterOptions> options, TimeProvider time)
{
    /// <summary>Of its own: the leader's next write takes the condition back.</summary>
    private static readonly WriteOptions Leaderless = new() { FieldManager = "netpulse-leaderless", Force = true };

    private const int MostTold = 5;

    /// <summary>A run of the leader ended midway.</summary>
    public Task WriteFailureAsync(string problem, CancellationToken cancellationToken) => WriteToStoredAsync([problem, .. objects.Problems()], WriteAsync, cancellationToken);

    /// <summary>Nobody can lead for want of a role, so no term could fence this: of the status Ready=False alone, and why.</summary>
    /// <remarks>docs/decisions/leader-by-lease.md says why that is safe.</remarks>
    public Task WriteLeaderlessAsync(CancellationToken cancellationToken) => WriteToStoredAsync(objects.Problems(), WriteUnfencedAsync, cancellationToken);

    /// <returns>Why it could not be written; <see langword="null"/> when it says what it should.</returns>
    public async Task<string?> WriteAsync(OptimizationPolicy policy, ImmutableArray<string> problems, CancellationToken cancellationToken)
    {
        if (policy.Metadata.Uid.Length == 0)
        {
            // There is none: we observe.
            return null;
        }

        var ready = Ready(policy, problems);
        if (policy.Status?.ObservedGeneration == policy.Metadata.Generation && IsTold(policy, ready))
        {
            return null;
        }

        try
        {
            var status = new OptimizationPolicyStatus { ObservedGeneration = policy.Metadata.Generation, Conditions = (policy.Status?.Conditions ?? []).With(ready) };
            await store.ApplyStatusAsync(new OptimizationPolicy { Metadata = new ObjectMeta { Name = policy.Metadata.Name }, Status = status }, cancellationToken);
            return null;
        }
        catch (KubernetesException e)
        {
            return Unwritten(problems, e);
        }
    }

    private async Task WriteUnfencedAsync(OptimizationPolicy policy, ImmutableArray<string> problems, CancellationToken cancellationToken)
    {
        // Nothing but bad news may go this way.
        if (Ready(policy, problems) is { Status: Condition.False } ready && !IsTold(policy, ready))
        {
            await client.ApplyStatusAsync(new OptimizationPolicy { Metadata = new ObjectMeta { Name = policy.Metadata.Name }, Status = new OptimizationPolicyStatus { Conditions = [ready] } }, Leaderless, cancellationToken);
        }
    }

    private async Task WriteToStoredAsync(ImmutableArray<string> problems, Func<OptimizationPolicy, ImmutableArray<string>, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        try
        {
            if (await store.FindAsync(options.Value.Policy, cancellationToken: cancellationToken) is { } policy)
            {
                await write(policy, problems, cancellationToken);
            }
        }
        catch (KubernetesException e)
        {
            Unwritten(problems, e);
        }
    }

    private string Unwritten(ImmutableArray<string> problems, KubernetesException e)
    {
        var unwritten = $"the policy's status could not be written: {e.Message}";
        events.Tell(Text([unwritten, .. problems]));
        return unwritten;
    }

    private Condition Ready(OptimizationPolicy policy, ImmutableArray<string> problems) => new()
    {
        Type = "Ready",
        Status = problems.IsEmpty ? Condition.True : Condition.False,
        Reason = problems.IsEmpty ? "InForce" : "Problems",
        Message = problems.IsEmpty ? $"in force, mode {policy.Spec.Mode}" : Text(problems),
        LastTransitionTime = time.GetUtcNow(),
        ObservedGeneration = policy.Metadata.Generation,
    };

    private static bool IsTold(OptimizationPolicy policy, Condition ready) =>
        policy.Status?.Conditions.OfType("Ready") is { } told && (told.Status, told.Message) == (ready.Status, ready.Message);

    private static string Text(ImmutableArray<string> problems) => string.Join("; ", problems.Take(MostTold));
}
