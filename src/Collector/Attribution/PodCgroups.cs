using System.Collections.Concurrent;
using NetPulse.Linux.Cgroups;

namespace NetPulse.Collector.Attribution;

/// <summary>Cgroup id → pod UID: of what there is, of what was there until a short while ago, and of what came since the last look.</summary>
/// <remarks><see cref="Refresh"/> is called by one thread; <see cref="UidOf"/> by any.</remarks>
public sealed class PodCgroups(CgroupHierarchy hierarchy, TimeProvider time)
{
    /// <summary>A cgroup's sockets are destroyed, and their records read, after it is gone.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<ulong, Known> known = [];

    /// <summary>Learns what there is, so that it is known once it is gone.</summary>
    public void Refresh()
    {
        var now = time.GetUtcNow();
        hierarchy.Walk((id, path) =>
        {
            if (PodCgroup.UidOf(path) is { } uid)
            {
                known[id] = new Known(uid, now);
            }
        });
        foreach (var (id, _) in known.Where(each => each.Value.Uid is null || now - each.Value.SeenAt > Remembered))
        {
            known.TryRemove(id, out _);
        }
    }

    /// <summary><see langword="null"/> where it is no pod's, or was never seen.</summary>
    public string? UidOf(ulong id)
    {
        if (!known.TryGetValue(id, out var found))
        {
            // What is no pod's, or went too fast, is remembered until the next refresh: it may be asked for thousands of times.
            found = new Known(hierarchy.PathOf(id) is { } path ? PodCgroup.UidOf(path) : null, time.GetUtcNow());
            known.TryAdd(id, found);
        }

        return found.Uid;
    }

    private readonly record struct Known(string? Uid, DateTimeOffset SeenAt);
}
