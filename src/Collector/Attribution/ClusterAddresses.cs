using System.Net;
using NetPulse.Collector.Kernel;
using NetPulse.Kubernetes.Objects;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Attribution;

/// <summary>The addresses that the cluster's objects name, each with whose it is.</summary>
internal static class ClusterAddresses
{
    /// <summary>A pod in its node's network has none of its own; one that has ended may have lost its address to another.</summary>
    internal static IEnumerable<KeyValuePair<MappedAddress, WorkloadIdentity>> OfPods(IEnumerable<Pod> pods) =>
        from pod in pods
        where !pod.Spec.HostNetwork && pod.Status.Phase is not (PodStatus.Succeeded or PodStatus.Failed)
        let owner = WorkloadName.Of(pod)
        from address in Parsed(pod.Status.PodIPs.Select(each => each.Ip).Prepend(pod.Status.PodIP))
        select KeyValuePair.Create(address, owner);

    /// <summary>Before its destination is translated, a connection goes to one of these.</summary>
    internal static IEnumerable<KeyValuePair<MappedAddress, WorkloadIdentity>> OfServices(IEnumerable<Service> services) =>
        from service in services
        let owner = new WorkloadIdentity(service.Metadata.Namespace, service.Metadata.Name, "") { Kind = nameof(Service) }
        from address in Parsed(service.Spec.ClusterIPs.Prepend(service.Spec.ClusterIP).Concat(service.Spec.ExternalIPs))
        select KeyValuePair.Create(address, owner);

    internal static IEnumerable<KeyValuePair<MappedAddress, WorkloadIdentity>> OfNodes(IEnumerable<Node> nodes) =>
        from node in nodes
        let owner = new WorkloadIdentity("", node.Metadata.Name, "") { Kind = nameof(Node) }
        from address in Parsed(node.Status.Addresses.Select(each => each.Address))
        select KeyValuePair.Create(address, owner);

    /// <summary>What is no address (<c>None</c>, a host name, nothing yet) names nobody.</summary>
    private static IEnumerable<MappedAddress> Parsed(IEnumerable<string> addresses)
    {
        foreach (var text in addresses.Distinct(StringComparer.Ordinal))
        {
            if (IPAddress.TryParse(text, out var address))
            {
                yield return MappedAddress.From(address);
            }
        }
    }
}
