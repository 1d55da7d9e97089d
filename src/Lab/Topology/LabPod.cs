using System.Net;
using NetPulse.Kubernetes.Objects;
using NetPulse.Linux.NetworkNamespaces;

namespace NetPulse.Lab.Topology;

/// <summary>What a pod of the lab shall be.</summary>
/// <param name="Name">As <c>archive-0</c>; unique in the lab.</param>
/// <param name="Workload">As <c>archive</c>.</param>
/// <param name="Address">IPv4; seen only in the lab's own namespaces.</param>
public sealed record PodDescription(string Name, string Workload, IPAddress Address)
{
    /// <summary>The Kubernetes namespace of every pod of the lab.</summary>
    public const string KubernetesNamespace = "lab";

    /// <summary>Sysctls of its network namespace, set before it carries traffic.</summary>
    public IReadOnlyDictionary<string, string> Sysctls { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Whether netfilter tracks its connections, as it does where a firewall or a service's address translation is.</summary>
    public bool TracksConnections { get; init; }
}

/// <summary>A pod of the lab: a network namespace with a name.</summary>
public sealed record LabPod(string Name, string Workload, IPAddress Address, NetworkNamespace NetworkNamespace)
{
    /// <summary>The same pod as Kubernetes would show it.</summary>
    public Pod ToObject(string nodeName) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = Name,
            Namespace = PodDescription.KubernetesNamespace,
            Labels = new Dictionary<string, string>(StringComparer.Ordinal) { [Pod.WorkloadLabel] = Workload },
            Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [Pod.NetworkNamespaceAnnotation] = NetworkNamespace.Path },
        },
        Spec = new PodSpec { NodeName = nodeName },
        Status = new PodStatus { PodIP = Address.ToString() },
    };
}
