using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Watching;

/// <summary>How objects are found otherwise than by name.</summary>
/// <param name="Name">As <c>node</c>.</param>
/// <param name="KeysOf">What an object is found by; none or several.</param>
public sealed record ResourceIndex<T>(string Name, Func<T, IEnumerable<string>> KeysOf)
    where T : class, IKubernetesObject;

/// <summary>The indexes that several readers need.</summary>
public static class ResourceIndexes
{
    /// <summary>By one label's value.</summary>
    public static ResourceIndex<T> Label<T>(string key)
        where T : class, IKubernetesObject =>
        new($"label {key}", value => value.Metadata.Labels.TryGetValue(key, out var label) ? [label] : []);

    /// <summary>By the uid of each owner.</summary>
    public static ResourceIndex<T> Owner<T>()
        where T : class, IKubernetesObject =>
        new("owner", static value => value.Metadata.OwnerReferences.Select(static owner => owner.Uid));

    /// <summary>By node; pods that have none yet are not in it.</summary>
    public static ResourceIndex<Pod> PodNode { get; } = new("node", static pod => pod.Spec.NodeName.Length > 0 ? [pod.Spec.NodeName] : []);

    /// <summary>By each of its addresses. A pod that has ended keeps its address though another may have it by now, and one of the host's network shares the node's: neither is in it.</summary>
    public static ResourceIndex<Pod> PodAddress { get; } = new("address", static pod =>
        pod.Spec.HostNetwork || pod.Status.Phase is PodStatus.Succeeded or PodStatus.Failed
            ? []
            : pod.Status.PodIPs.Select(static address => address.Ip).Append(pod.Status.PodIP).Where(static ip => ip.Length > 0).Distinct(StringComparer.Ordinal));
}

/// <summary>The objects of a stream as they are now, shared by any number of readers.</summary>
public sealed class ResourceCache<T>(params IReadOnlyList<ResourceIndex<T>> indexes)
    where T : class, IKubernetesObject
{
    private readonly Lock gate = new();
    private readonly Dictionary<(string Namespace, string Name), T> objects = [];
    private readonly Dictionary<string, Dictionary<string, List<T>>> indexed = indexes.ToDictionary(static i => i.Name, static _ => new Dictionary<string, List<T>>(StringComparer.Ordinal), StringComparer.Ordinal);
    private readonly TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>After each change, on the stream's thread: be quick.</summary>
    public Action<ResourceChange<T>>? OnChange { get; init; }

    public bool IsSynced => synced.Task.IsCompleted;

    public int Count
    {
        get
        {
            lock (gate)
            {
                return objects.Count;
            }
        }
    }

    public T? Find(string name, string @namespace = "")
    {
        lock (gate)
        {
            return objects.GetValueOrDefault((@namespace, name));
        }
    }

    public ImmutableArray<T> All()
    {
        lock (gate)
        {
            return [.. objects.Values];
        }
    }

    /// <exception cref="KeyNotFoundException">The cache was made without that index.</exception>
    public ImmutableArray<T> By(ResourceIndex<T> index, string key)
    {
        lock (gate)
        {
            return indexed[index.Name].TryGetValue(key, out var found) ? [.. found] : [];
        }
    }

    /// <summary>Completes with the first whole list.</summary>
    public Task WaitUntilSyncedAsync(CancellationToken cancellationToken = default) => synced.Task.WaitAsync(cancellationToken);

    /// <summary>Keeps the cache as the stream tells, until the token.</summary>
    public async Task RunAsync(IAsyncEnumerable<ResourceChange<T>> stream, CancellationToken cancellationToken = default)
    {
        await foreach (var change in stream.WithCancellation(cancellationToken))
        {
            Take(change);
        }
    }

    /// <summary>One change. A whole list comes into sight at once.</summary>
    public void Take(ResourceChange<T> change)
    {
        lock (gate)
        {
            switch (change)
            {
                case ResourceChange<T>.Listed listed:
                    objects.Clear();
                    foreach (var index in indexed.Values)
                    {
                        index.Clear();
                    }

                    foreach (var item in listed.Items)
                    {
                        Store(item);
                    }

                    break;
                case ResourceChange<T>.Stored stored:
                    Remove(stored.Item);
                    Store(stored.Item);
                    break;
                case ResourceChange<T>.Removed removed:
                    Remove(removed.Item);
                    break;
            }
        }

        synced.TrySetResult();
        OnChange?.Invoke(change);
    }

    private void Store(T item)
    {
        objects[KeyOf(item)] = item;
        foreach (var index in indexes)
        {
            foreach (var key in index.KeysOf(item))
            {
                var keys = indexed[index.Name];
                if (!keys.TryGetValue(key, out var found))
                {
                    keys[key] = found = [];
                }

                found.Add(item);
            }
        }
    }

    private void Remove(T item)
    {
        if (!objects.Remove(KeyOf(item), out var known))
        {
            return;
        }

        foreach (var index in indexes)
        {
            var keys = indexed[index.Name];
            foreach (var key in index.KeysOf(known))
            {
                if (keys.TryGetValue(key, out var found) && found.RemoveAll(other => ReferenceEquals(other, known)) > 0 && found.Count == 0)
                {
                    keys.Remove(key);
                }
            }
        }
    }

    private static (string Namespace, string Name) KeyOf(T item) => (item.Metadata.Namespace, item.Metadata.Name);
}
