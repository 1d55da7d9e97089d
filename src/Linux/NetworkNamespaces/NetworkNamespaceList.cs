using System.Globalization;

namespace NetPulse.Linux.NetworkNamespaces;

/// <summary>Finds the network namespaces of this node.</summary>
public static class NetworkNamespaceList
{
    /// <summary>Where container runtimes and <c>ip netns</c> bind-mount them.</summary>
    private static readonly string[] BindMountFolders = ["/run/netns", "/run/docker/netns"];

    private static readonly string[] HostPaths = ["/proc/1/ns/net", "/proc/2/ns/net"];

    /// <summary>Every network namespace that is bind-mounted or has a process in it, the host's first, each once.</summary>
    /// <remarks>What vanishes while we look is left out. Processes of other users are seen only with CAP_SYS_PTRACE.</remarks>
    /// <param name="processes">Filled, where given: a namespace's inode → one process that is in it.</param>
    public static IReadOnlyList<NetworkNamespace> Find(IDictionary<ulong, int>? processes = null)
    {
        var found = FindBindMounted().ToDictionary(ns => ns.Inode);
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && Add(found, $"{process}/ns/net", null, pid) is { } inode)
            {
                processes?.TryAdd(inode, pid);
            }
        }

        return [.. found.Values.OrderByDescending(ns => ns.IsHost)];
    }

    /// <summary>The host's and every bind-mounted one, each once: far cheaper than <see cref="Find"/>, which looks at each process.</summary>
    public static IReadOnlyList<NetworkNamespace> FindBindMounted()
    {
        var found = new Dictionary<ulong, NetworkNamespace>();
        Add(found, HostPath(), NetworkNamespace.HostName);
        foreach (var folder in BindMountFolders.Where(Directory.Exists))
        {
            foreach (var path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
            {
                Add(found, path, Path.GetFileName(path));
            }
        }

        return [.. found.Values.OrderByDescending(ns => ns.IsHost)];
    }

    /// <summary>The namespace that a path stands for; <see langword="null"/> when it stands for none (any more).</summary>
    public static NetworkNamespace? At(string path)
    {
        var inode = NamespaceFile.Inode(path);
        return inode is null ? null : new NetworkNamespace(path, inode.Value, inode == NamespaceFile.Inode(HostPath()) ? NetworkNamespace.HostName : Path.GetFileName(path));
    }

    /// <summary>Whether it is still where it was: far cheaper than <see cref="At"/>.</summary>
    public static bool IsThere(NetworkNamespace known) => NamespaceFile.Inode(known.Path) == known.Inode;

    /// <summary>The node's own network namespace: init's, else that of the kernel's threads, else ours.</summary>
    /// <remarks>A process with fewer capabilities than init may not look at init's namespaces, but always at the kernel threads'.</remarks>
    public static NetworkNamespace Host()
    {
        var path = HostPath();
        return new NetworkNamespace(path, NamespaceFile.Inode(path) ?? 0, NetworkNamespace.HostName);
    }

    private static string HostPath() =>
        HostPaths.FirstOrDefault(path => NamespaceFile.Inode(path) is not null) ?? "/proc/self/ns/net";

    private static ulong? Add(Dictionary<ulong, NetworkNamespace> found, string path, string? name, int pid = 0)
    {
        var inode = NamespaceFile.Inode(path);
        if (inode is { } present && !found.ContainsKey(present))
        {
            found.Add(present, new NetworkNamespace(path, present, name ?? NameOf(pid)));
        }

        return inode;
    }

    private static string NameOf(int pid)
    {
        try
        {
            return $"{File.ReadAllText($"/proc/{pid}/comm").TrimEnd()}-{pid}";
        }
        catch (IOException)
        {
            return $"pid-{pid}";
        }
    }
}
