using NetPulse.Kubernetes.Objects;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Attribution;

/// <summary>A pod as one side of a conversation.</summary>
public static class WorkloadName
{
    public static WorkloadIdentity Of(Pod pod)
    {
        var (kind, name) = PodWorkload.Of(pod);
        return new(pod.Metadata.Namespace, name, pod.Metadata.Name) { Kind = kind, IsHostNetwork = pod.Spec.HostNetwork };
    }
}
