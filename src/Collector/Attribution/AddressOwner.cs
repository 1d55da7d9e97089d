using System.Collections.Immutable;
using System.Net;
using NetPulse.Collector.Kernel;
using NetPulse.Kubernetes.Objects;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Attribution;

/// <summary>A pod, Service or node with the addresses that its object names; equal where both are.</summary>
public sealed record AddressOwner(WorkloadIdentity Owner, ImmutableArray<MappedAddress> Addresses)
{
    /// <summary>A pod in its node's network has no address of its own; one that has ended may have lost its address to another.</summary>
    public static AddressOwner Of(Pod pod) => new(
        WorkloadName.Of(pod),
        pod.Spec.HostNetwork || pod.Status.Phase is PodStatus.Succeeded or PodStatus.Failed ? [] : Parsed(pod.Status.PodIPs.Select(each => each.Ip).Prepend(pod.Status.PodIP)));

    /// <summary>Before its destination is translated, a connection goes to one of these.</summary>
    public static AddressOwner Of(Service service) => new(
        new WorkloadIdentity(service.Metadata.Namespace, service.Metadata.Name, "") { Kind = nameof(Service) },
        Parsed(service.Spec.ClusterIPs.Prepend(service.Spec.ClusterIP).Concat(service.Spec.ExternalIPs)));

    public static AddressOwner Of(Node node) => new(
        new WorkloadIdentity("", node.Metadata.Name, "") { Kind = nameof(Node) },
        Parsed(node.Status.Addresses.Select(each => each.Address)));

    public bool Equals(AddressOwner? other) => other is not null && Owner == other.Owner && Addresses.AsSpan().SequenceEqual(other.Addresses.AsSpan());

    public override int GetHashCode() => Owner.GetHashCode();

    /// <summary>What is no address (<c>None</c>, a host name, nothing yet) names nobody.</summary>
    private static ImmutableArray<MappedAddress> Parsed(IEnumerable<string> addresses) =>
    [
        .. addresses.Distinct(StringComparer.Ordinal)
            .Select(text => IPAddress.TryParse(text, out var address) ? address : null)
            .OfType<IPAddress>()
            .Select(MappedAddress.From),
    ];
}
