using NetPulse.Collector.Attribution;
using NetPulse.Kubernetes.Objects;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources.Kubelet;

/// <summary>The kubelet's pods as the rest of the collector names them.</summary>
internal static class KubeletPods
{
    /// <summary>By its UID where the cluster's objects tell, else by its name.</summary>
    internal static WorkloadIdentity Identity(NodePicture picture, string uid, string @namespace, string name) =>
        picture.Owners.PodOf(uid) ?? WorkloadName.Of(new Pod { Metadata = new ObjectMeta { Name = name, Namespace = @namespace } });
}
