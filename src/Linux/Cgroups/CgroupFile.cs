namespace NetPulse.Linux.Cgroups;

/// <summary>Reads <c>/proc/PID/cgroup</c> (cgroups(7)).</summary>
public static class CgroupFile
{
    /// <summary>The paths that a process is in, one a hierarchy (several under cgroup v1); none when it has ended.</summary>
    public static IEnumerable<string> PathsOf(int pid)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines($"/proc/{pid}/cgroup");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        // ID:CONTROLLERS:PATH, and the path may hold colons itself.
        return lines.Select(line => line.Split(':', 3)).Where(parts => parts.Length == 3).Select(parts => parts[2]);
    }
}
