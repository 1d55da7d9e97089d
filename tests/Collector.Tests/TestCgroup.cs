using NetPulse.Linux.Cgroups;

namespace NetPulse.Tests;

/// <summary>A cgroup v2 subtree of our own, in which the test may make pods; gone when disposed.</summary>
internal sealed class TestCgroup : IDisposable
{
    private static int count;

    private readonly string root;
    private readonly List<string> made = [];

    internal TestCgroup()
    {
        Hierarchy = CgroupHierarchy.Find() ?? throw new InvalidOperationException("no cgroup v2 hierarchy is mounted");
        root = $"/nptest-{Environment.ProcessId}-{Interlocked.Increment(ref count)}";
        Make("");
    }

    internal CgroupHierarchy Hierarchy { get; }

    /// <summary>The cgroup as the hierarchy names it.</summary>
    internal string PathOf(string path) => root + path;

    internal void Make(string path)
    {
        var folder = Hierarchy.MountPoint + root;
        foreach (var name in path.Split('/'))
        {
            folder = name.Length == 0 ? folder : $"{folder}/{name}";
            if (!Directory.Exists(folder))
            {
                Directory.CreateDirectory(folder);
                made.Add(folder);
            }
        }
    }

    internal void Remove(string path)
    {
        Directory.Delete(Hierarchy.MountPoint + root + path);
        made.Remove(Hierarchy.MountPoint + root + path);
    }

    public void Dispose()
    {
        foreach (var folder in Enumerable.Reverse(made))
        {
            // A process that was killed is in it until the kernel has ended it.
            if (!SpinWait.SpinUntil(() => IsGone(folder), TimeSpan.FromSeconds(60)))
            {
                Directory.Delete(folder);
            }
        }

        Hierarchy.Dispose();
    }

    private static bool IsGone(string folder)
    {
        try
        {
            Directory.Delete(folder);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
