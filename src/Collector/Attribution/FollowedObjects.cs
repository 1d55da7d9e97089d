using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Watching;

namespace NetPulse.Collector.Attribution;

/// <summary>Of each object that a stream tells, the little that we need. The stream's thread writes, the sampling loop takes.</summary>
/// <remarks>While the API server is away, what was known last stays.</remarks>
internal sealed class FollowedObjects<T, TKept>(ResourceStream<T> stream, Func<T, TKept> keep)
    where T : class, IResource<T>
    where TKept : class
{
    private readonly Lock gate = new();
    private readonly Dictionary<(string Namespace, string Name), TKept> kept = [];
    private bool hasChanged;

    /// <summary>As of the last <see cref="Take"/>.</summary>
    public IReadOnlyList<TKept> Objects { get; private set; } = [];

    /// <summary>When the API server last said anything about them; <see langword="null"/> before its first list.</summary>
    public DateTimeOffset? HeardAt => stream.HeardAt;

    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        await foreach (var change in stream.FollowAsync(cancellationToken))
        {
            lock (gate)
            {
                Apply(change);
            }
        }
    }

    /// <returns>Whether there was any difference.</returns>
    public bool Take()
    {
        lock (gate)
        {
            if (!hasChanged)
            {
                return false;
            }

            hasChanged = false;
            Objects = [.. kept.Values];
            return true;
        }
    }

    private void Apply(ResourceChange<T> change)
    {
        switch (change)
        {
            case ResourceChange<T>.Listed listed:
                var present = listed.Items.Select(KeyOf).ToHashSet();
                foreach (var gone in kept.Keys.Where(key => !present.Contains(key)).ToList())
                {
                    hasChanged |= kept.Remove(gone);
                }

                foreach (var item in listed.Items)
                {
                    Store(item);
                }

                break;
            case ResourceChange<T>.Stored stored:
                Store(stored.Item);
                break;
            case ResourceChange<T>.Removed removed:
                hasChanged |= kept.Remove(KeyOf(removed.Item));
                break;
        }
    }

    /// <summary>Most changes of an object (a condition, a heartbeat) are none for us.</summary>
    private void Store(T item)
    {
        var now = keep(item);
        var key = KeyOf(item);
        if (!kept.TryGetValue(key, out var before) || !before.Equals(now))
        {
            kept[key] = now;
            hasChanged = true;
        }
    }

    private static (string Namespace, string Name) KeyOf(T item) => (item.Metadata.Namespace, item.Metadata.Name);
}
