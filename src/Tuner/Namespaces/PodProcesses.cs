using System.Globalization;
using NetPulse.Kubernetes.Objects;
using NetPulse.Linux.Cgroups;

namespace NetPulse.Tuner.Namespaces;

/// <summary>Pod → its network namespace, without asking the container runtime: by a process in the cgroup that the kubelet made for the pod.</summary>
/// <remarks>
/// Needs the node's process ids (<c>hostPID</c>) and CAP_SYS_PTRACE: every container runtime has another socket, API and place for namespaces, the kubelet's cgroups are the same under all.
/// Of several processes the oldest is taken: the sandbox is started first, and what a container starts may have made a namespace of its own. For one thread.
/// </remarks>
public sealed class PodProcesses
{
    private readonly Dictionary<string, int> known = new(StringComparer.Ordinal);

    /// <summary>The pods that have a process now, each with its namespace named in <see cref="Pod.NetworkNamespaceAnnotation"/>; the others without one.</summary>
    /// <remarks>What the pod itself says there is never believed: who may label a pod would choose whose sysctls are written.</remarks>
    public IReadOnlyList<Pod> Locate(IReadOnlyCollection<Pod> pods)
    {
        var wanted = pods.Where(static pod => !pod.Spec.HostNetwork).Select(UidOf).ToHashSet(StringComparer.Ordinal);
        foreach (var uid in known.Keys.Where(uid => !wanted.Contains(uid) || !IsIn(known[uid], uid)).ToList())
        {
            known.Remove(uid);
        }

        if (wanted.Any(uid => !known.ContainsKey(uid)))
        {
            Search(wanted);
        }

        return [.. pods.Select(pod => pod with { Metadata = pod.Metadata with { Annotations = Annotations(pod) } })];
    }

    private Dictionary<string, string> Annotations(Pod pod)
    {
        var annotations = new Dictionary<string, string>(pod.Metadata.Annotations, StringComparer.Ordinal);
        annotations.Remove(Pod.NetworkNamespaceAnnotation);
        if (known.TryGetValue(UidOf(pod), out var pid))
        {
            annotations[Pod.NetworkNamespaceAnnotation] = $"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/ns/net";
        }

        return annotations;
    }

    private void Search(HashSet<string> wanted)
    {
        var oldest = new Dictionary<string, (int Pid, long StartedAt)>(StringComparer.Ordinal);
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && CgroupFile.PathsOf(pid).Select(PodCgroup.UidOf).FirstOrDefault(static uid => uid is not null) is { } uid
                && wanted.Contains(uid) && StartOf(pid) is { } startedAt
                && (!oldest.TryGetValue(uid, out var other) || startedAt < other.StartedAt))
            {
                oldest[uid] = (pid, startedAt);
            }
        }

        foreach (var (uid, process) in oldest)
        {
            known[uid] = process.Pid;
        }
    }

    /// <summary>A number that was given to another process meanwhile is seen here.</summary>
    private static bool IsIn(int pid, string uid) => CgroupFile.PathsOf(pid).Any(path => PodCgroup.UidOf(path) == uid);

    /// <summary>The kubelet knows a static pod by another uid than the API server.</summary>
    private static string UidOf(Pod pod) => pod.Metadata.Annotations.GetValueOrDefault(Pod.StaticPodAnnotation) ?? pod.Metadata.Uid;

    /// <returns>In clock ticks since the node's start; <see langword="null"/> when it has ended.</returns>
    /// <remarks>Source: field 22 of <c>/proc/PID/stat</c> (proc_pid_stat(5)); the command before it may hold spaces and brackets.</remarks>
    private static long? StartOf(int pid)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
            return text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 19 } fields
                && long.TryParse(fields[19], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) ? ticks : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
