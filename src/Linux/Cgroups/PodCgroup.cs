using System.Text.RegularExpressions;

namespace NetPulse.Linux.Cgroups;

/// <summary>The pod that a cgroup's path names, as the kubelet's two cgroup drivers write it.</summary>
/// <remarks>
/// systemd: <c>/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1b7a41b3_….slice/…</c>, with underscores for dashes;
/// cgroupfs: <c>/kubepods/burstable/pod1b7a41b3-…/…</c>. A static pod has 32 digits without dashes.
/// Source: kubernetes pkg/kubelet/cm/pod_container_manager_linux.go and cgroup_manager_linux.go.
/// </remarks>
public static partial class PodCgroup
{
    /// <summary>The pod's UID with dashes; <see langword="null"/> where the path is none of a pod.</summary>
    public static string? UidOf(string path)
    {
        // The outermost one: what a pod runs inside itself (kind, docker) is still that pod. From inside of a pod's own cgroup namespace, other pods are beside or above: /../pod….
        var pod = path.Contains("kubepods", StringComparison.Ordinal) || path.StartsWith("/..", StringComparison.Ordinal) ? Uid().Match(path) : Match.Empty;
        return pod.Success ? pod.Groups["uid"].Value.Replace('_', '-') : null;
    }

    [GeneratedRegex("/(kube[a-z-]*-)?pod(?<uid>[0-9a-f]{8}([-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(\\.slice)?(/|$)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex Uid();
}
