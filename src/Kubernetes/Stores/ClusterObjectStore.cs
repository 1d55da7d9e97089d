using Microsoft.Extensions.Logging;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Leases;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Watching;

namespace NetPulse.Kubernetes.Stores;

/// <summary>Objects of one kind in the API server.</summary>
/// <param name="query">Which of them; writes are not limited by it.</param>
/// <param name="leadership">The present term, where only the leader may write: each write then demands that it holds, carries its fencing token, and is refused when a later leader wrote before.</param>
public sealed class ClusterObjectStore<T>(KubernetesClient client, ResourceQuery query, TimeProvider time, ILogger<ClusterObjectStore<T>> logger, Func<Leadership?>? leadership = null) : IObjectStore<T>
    where T : class, IWholeResource<T>
{
    /// <summary>Whose term made the last write of a fenced object.</summary>
    public const string FenceAnnotation = "netpulse.io/fencing-token";

    // Our own fields, whoever took them meanwhile: the objects are ours alone. Never used for other kinds.
    private static readonly WriteOptions Ours = new() { Force = true };

    private static readonly WriteOptions OnTrial = new() { Force = true, IsDryRun = true };

    public Task<ResourceList<T>> ListAsync(CancellationToken cancellationToken = default) => client.ListAsync<T>(query, cancellationToken);

    public Task<T?> FindAsync(string name, string @namespace = "", CancellationToken cancellationToken = default) => client.FindAsync<T>(name, @namespace, cancellationToken);

    public IAsyncEnumerable<ResourceChange<T>> FollowAsync(CancellationToken cancellationToken = default) =>
        new ResourceStream<T>(client, query, time, logger).FollowAsync(cancellationToken);

    public Task<T> ApplyAsync(T value, CancellationToken cancellationToken = default) => ApplyAsync(value, Ours, cancellationToken);

    /// <summary>As <see cref="ApplyAsync(T, CancellationToken)"/>, and nothing is stored: whether roles, admission and the kind's own rules would take it.</summary>
    public Task<T> TryApplyAsync(T value, CancellationToken cancellationToken = default) => ApplyAsync(value, OnTrial, cancellationToken);

    private async Task<T> ApplyAsync(T value, WriteOptions options, CancellationToken cancellationToken)
    {
        if (leadership is null)
        {
            return await client.ApplyAsync(value, options, cancellationToken);
        }

        // The version that was looked at goes with the write: a later leader's write in between is a conflict.
        var (term, stored) = await FenceAsync(value.Metadata.Name, value.Metadata.Namespace, cancellationToken);
        var annotations = new Dictionary<string, string>(value.Metadata.Annotations, StringComparer.Ordinal) { [FenceAnnotation] = term.FencingToken };
        var metadata = value.Metadata with { Annotations = annotations };
        if (stored is not null)
        {
            metadata = metadata with { Uid = stored.Metadata.Uid, ResourceVersion = metadata.ResourceVersion.Length > 0 ? metadata.ResourceVersion : stored.Metadata.ResourceVersion };
        }

        term.Demand();
        return await client.ApplyAsync(WithMetadata(value, metadata), options, cancellationToken);
    }

    public async Task<T> ApplyStatusAsync(T value, CancellationToken cancellationToken = default)
    {
        if (leadership is not null)
        {
            var (term, stored) = await FenceAsync(value.Metadata.Name, value.Metadata.Namespace, cancellationToken);
            if (stored is not null && value.Metadata.ResourceVersion.Length == 0)
            {
                value = WithMetadata(value, value.Metadata with { ResourceVersion = stored.Metadata.ResourceVersion });
            }

            term.Demand();
        }

        return await client.ApplyStatusAsync(value, Ours, cancellationToken);
    }

    public async Task DeleteAsync(string name, string @namespace = "", CancellationToken cancellationToken = default)
    {
        var options = DeleteOptions.Default;
        if (leadership is not null)
        {
            var (term, stored) = await FenceAsync(name, @namespace, cancellationToken);
            options = new DeleteOptions { Uid = stored?.Metadata.Uid ?? "", ResourceVersion = stored?.Metadata.ResourceVersion ?? "" };
            term.Demand();
        }

        await client.DeleteAsync<T>(name, @namespace, options, cancellationToken);
    }

    /// <exception cref="LeadershipLostException">We do not lead, or a later leader has written here.</exception>
    private async Task<(Leadership Term, T? Stored)> FenceAsync(string name, string @namespace, CancellationToken cancellationToken)
    {
        var term = leadership?.Invoke() ?? throw new LeadershipLostException(0);
        term.Demand();
        var stored = await client.FindAsync<T>(name, @namespace, cancellationToken);
        return stored is not null && stored.Metadata.Annotations.TryGetValue(FenceAnnotation, out var token) && term.IsOlderThan(token)
            ? throw new LeadershipLostException(term.Term)
            : (term, stored);
    }

    private static T WithMetadata(T value, ObjectMeta metadata) => ObjectParts.WithMetadata(value, metadata);
}
