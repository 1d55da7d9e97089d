using System.Collections.Frozen;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Attribution;

/// <summary>Socket → pod or host, at one moment.</summary>
/// <remarks>
/// The cgroup decides: it is the process's that made the socket, also for a pod in the host's network. Where it says nothing (a socket of
/// the kernel's own, cgroup v1 alone, a process that entered a pod's network from outside) the network namespace does.
/// </remarks>
/// <param name="cgroups"><see langword="null"/> where there is no cgroup v2.</param>
/// <param name="pods">By UID; those that went a short while ago, too.</param>
public sealed class SocketOwners(NamespaceOwners namespaces, PodCgroups? cgroups, FrozenDictionary<string, WorkloadIdentity> pods)
{
    private readonly Lazy<FrozenDictionary<(string Namespace, string Name), WorkloadIdentity>> byName =
        new(() => pods.Values.DistinctBy(pod => (pod.Namespace, pod.Pod)).ToFrozenDictionary(pod => (pod.Namespace, pod.Pod)));

    /// <summary>The pods of this node, each once.</summary>
    public IEnumerable<WorkloadIdentity> Pods => byName.Value.Values;

    /// <param name="cgroupId">Of <c>sk->sk_cgrp_data.cgroup->kn->id</c>; 0 where it is not known.</param>
    /// <param name="namespaceCookie">0 where it is not known.</param>
    /// <param name="namespaceInode">Counts where the cookie is not known.</param>
    public WorkloadIdentity Of(ulong cgroupId, ulong namespaceCookie, ulong namespaceInode)
    {
        var byNamespace = namespaces.Of(namespaceCookie, namespaceInode);
        if (cgroupId == 0 || cgroups?.UidOf(cgroupId) is not { } uid)
        {
            return byNamespace;
        }

        if (pods.TryGetValue(uid, out var pod))
        {
            return pod;
        }

        // A pod that nobody has told us about is still a pod, and not the host.
        return byNamespace == WorkloadIdentity.Host || byNamespace == NamespaceOwners.Unknown ? OfUnknownPod(uid) : byNamespace;
    }

    /// <summary>A pod of this node; <see langword="null"/> where nobody has told us of it.</summary>
    public WorkloadIdentity? PodOf(string uid) => pods.GetValueOrDefault(uid);

    /// <inheritdoc cref="PodOf"/>
    public WorkloadIdentity? PodNamed(string @namespace, string name) => byName.Value.GetValueOrDefault((@namespace, name));

    /// <summary>Who stands for a pod whose object is not known, or not yet.</summary>
    public static WorkloadIdentity OfUnknownPod(string uid) => new("", $"pod-{uid}", "");
}
