using NetPulse.Collector.Kernel.Interop;

namespace NetPulse.Collector.Kernel;

/// <summary>Programs that are attached to control groups one by one, as it turns out which of them need it: their hooks cost everybody who passes them.</summary>
/// <remarks>For any thread.</remarks>
/// <param name="root">Disposed of with this.</param>
/// <param name="hooks">Attached to a group all together, or none.</param>
/// <param name="announced">The groups that a program has announced once, and does not announce again.</param>
internal sealed class GroupHooks(BpfPrograms programs, ControlGroup root, IReadOnlyList<string> hooks, BpfMap<ulong, byte> announced) : IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Watched> watched = new(StringComparer.Ordinal);
    private readonly HashSet<ulong> refused = [];

    /// <summary>How many groups have the hooks.</summary>
    internal int Count
    {
        get
        {
            lock (gate)
            {
                return watched.Count;
            }
        }
    }

    /// <summary>How many could not be attached to when it was tried last.</summary>
    internal int Refused
    {
        get
        {
            lock (gate)
            {
                return refused.Count;
            }
        }
    }

    /// <summary>Attaches to the group, unless one above it is attached to already; those below it are then left to it.</summary>
    internal void Watch(ulong id)
    {
        lock (gate)
        {
            try
            {
                refused.Remove(id);
                using var group = root.ById(id);
                if (group is not null && watched.TryGetValue(group.Path, out var before) && before.Id != id)
                {
                    Forget(group.Path, before);
                }

                if (group is null || watched.Keys.Any(path => Contains(path, group.Path)))
                {
                    return;
                }

                var links = AttachTo(group);
                foreach (var (path, below) in watched.Where(each => Contains(group.Path, each.Key)).ToList())
                {
                    below.Dispose();
                    watched.Remove(path);
                }

                watched.Add(group.Path, new Watched(id, links));
            }
            catch (BpfException)
            {
                refused.Add(id);
            }
        }
    }

    /// <summary>Lets go of groups that are gone, also where there is another one at their path by now: a service that was restarted. Tries again those that were refused.</summary>
    /// <exception cref="BpfException">A group could not be looked up; it is held on to.</exception>
    internal void Revisit()
    {
        lock (gate)
        {
            foreach (var id in refused.ToArray())
            {
                Watch(id);
            }

            foreach (var (path, group) in watched)
            {
                using var there = root.ById(group.Id);
                if (there?.Path != path)
                {
                    Forget(path, group);
                }
            }
        }
    }

    public void Dispose()
    {
        foreach (var group in watched.Values)
        {
            group.Dispose();
        }

        root.Dispose();
    }

    /// <summary>All of the hooks, or none: what was attached twice would count twice.</summary>
    private List<BpfLinkHandle> AttachTo(ControlGroup group)
    {
        var links = new List<BpfLinkHandle>();
        try
        {
            foreach (var hook in hooks)
            {
                links.Add(programs.Attach(hook, group));
            }

            return links;
        }
        catch (BpfException)
        {
            links.ForEach(static link => link.Dispose());
            throw;
        }
    }

    private void Forget(string path, Watched group)
    {
        group.Dispose();
        watched.Remove(path);
        announced.Delete(group.Id);
    }

    private static bool Contains(string path, string other) =>
        other.StartsWith(path, StringComparison.Ordinal) && (other.Length == path.Length || other[path.Length] == '/');

    private sealed record Watched(ulong Id, List<BpfLinkHandle> Links) : IDisposable
    {
        public void Dispose() => Links.ForEach(static link => link.Dispose());
    }
}
