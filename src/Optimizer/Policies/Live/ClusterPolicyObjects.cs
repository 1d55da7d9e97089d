using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Leases;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Policies.Live;

/// <summary>Through server-side apply, never by force: a policy that a person or a pipeline owns is theirs.</summary>
/// <param name="client">Of the API server.</param>
/// <param name="leadership">The present term, where only the leader may write: each write then demands that it holds.</param>
public sealed class ClusterPolicyObjects(KubernetesClient client, Func<Leadership?>? leadership = null) : IPolicyObjects
{
    public async Task<ImmutableArray<NetworkPolicy>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await client.ListAsync<NetworkPolicy>(ResourceQuery.All, cancellationToken)).Items];

    public async Task<(ImmutableArray<Node> Nodes, ImmutableArray<Service> Services)> ListAddressesAsync(CancellationToken cancellationToken) =>
        ([.. (await client.ListAsync<Node>(ResourceQuery.All, cancellationToken)).Items], [.. (await client.ListAsync<Service>(ResourceQuery.All, cancellationToken)).Items]);

    public async Task<string?> RefusalAsync(NetworkPolicy policy, CancellationToken cancellationToken)
    {
        try
        {
            await client.ApplyAsync(policy, new WriteOptions { IsDryRun = true }, cancellationToken);
            return null;
        }
        catch (KubernetesException e)
        {
            return e.Message;
        }
    }

    /// <exception cref="LeadershipLostException">We do not lead; nothing was written.</exception>
    public Task ApplyAsync(NetworkPolicy policy, CancellationToken cancellationToken)
    {
        DemandTerm();
        return client.ApplyAsync(policy, WriteOptions.Default, cancellationToken);
    }

    /// <exception cref="LeadershipLostException">We do not lead; nothing was written.</exception>
    public async Task DeleteAsync(string @namespace, string name, CancellationToken cancellationToken)
    {
        DemandTerm();
        try
        {
            await client.DeleteAsync<NetworkPolicy>(name, @namespace, DeleteOptions.Default, cancellationToken);
        }
        catch (KubernetesException e) when (e.Fault is ApiFault.NotFound)
        {
            // What was to be reached.
        }
    }

    public async Task<string?> LabelRefusalAsync(PodReference pod, string key, string? value, CancellationToken cancellationToken)
    {
        try
        {
            await LabelAsync(pod, key, value, new WriteOptions { IsDryRun = true }, cancellationToken);
            return null;
        }
        catch (KubernetesException e)
        {
            return e.Message;
        }
    }

    /// <exception cref="LeadershipLostException">We do not lead; nothing was written.</exception>
    public Task LabelAsync(PodReference pod, string key, string? value, CancellationToken cancellationToken)
    {
        DemandTerm();
        return LabelAsync(pod, key, value, WriteOptions.Default, cancellationToken);
    }

    private async Task LabelAsync(PodReference pod, string key, string? value, WriteOptions options, CancellationToken cancellationToken)
    {
        var fields = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [key] = value } } };
        try
        {
            await client.PatchAsync<Pod>(pod.Name, pod.Namespace, new ObjectPatch.Merge(fields), options, cancellationToken);
        }
        catch (KubernetesException e) when (e.Fault is ApiFault.NotFound)
        {
            // It ended meanwhile.
        }
    }

    private void DemandTerm()
    {
        if (leadership is not null)
        {
            (leadership() ?? throw new LeadershipLostException(0)).Demand();
        }
    }
}
