namespace NetPulse.Linux.Cgroups;

/// <summary>Where the whole cgroup v2 hierarchy is mounted.</summary>
public static class CgroupMount
{
    /// <summary>The mount point of the outermost cgroup that is mounted; <see langword="null"/> where there is none but of single cgroups.</summary>
    /// <param name="mountinfo">Lines of <c>/proc/self/mountinfo</c> (proc_pid_mountinfo(5)).</param>
    /// <remarks>
    /// Roots are told as the reader's cgroup namespace has them. A container mostly has one of its own: the node's root is <c>/../..</c> there,
    /// and <c>/</c> the container alone.
    /// </remarks>
    public static string? OfRoot(IEnumerable<string> mountinfo)
    {
        const int Root = 3, MountPoint = 4;
        return mountinfo.Select(static line => line.Split(' '))
            .Where(static fields => Array.IndexOf(fields, "-") is > 0 and var separator && fields[separator + 1] == "cgroup2" && IsOwnOrAbove(fields[Root]))
            .MaxBy(static fields => fields[Root].Length)?[MountPoint];
    }

    private static bool IsOwnOrAbove(string root) => root == "/" || root.Split('/').Skip(1).All(static name => name == "..");
}
