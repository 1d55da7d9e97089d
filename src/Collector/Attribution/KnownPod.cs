using NetPulse.Kubernetes.Objects;

namespace NetPulse.Collector.Attribution;

/// <summary>What we keep of a pod: there may be tens of thousands.</summary>
/// <param name="Named">Its workload and its addresses.</param>
/// <param name="IsHere">Whether it runs on this node.</param>
/// <param name="Uid">The API server's; empty where the pod is not here.</param>
/// <param name="KubeletUid">The kubelet's own for a static pod; empty for others.</param>
/// <param name="NetworkNamespace">Path of its network namespace where its object says so; empty otherwise.</param>
public sealed record KnownPod(AddressOwner Named, bool IsHere, string Uid, string KubeletUid, string NetworkNamespace)
{
    public static KnownPod Of(Pod pod, bool isHere) => isHere
        ? new KnownPod(
            AddressOwner.Of(pod),
            true,
            pod.Metadata.Uid,
            pod.Metadata.Annotations.GetValueOrDefault(Pod.StaticPodAnnotation, ""),
            pod.Metadata.Annotations.GetValueOrDefault(Pod.NetworkNamespaceAnnotation, ""))
        : new KnownPod(AddressOwner.Of(pod), false, "", "", "");
}
