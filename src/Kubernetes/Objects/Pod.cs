using System.Text.Json.Serialization;

namespace NetPulse.Kubernetes.Objects;

/// <summary>Kubernetes v1 Pod: only the fields that we use.</summary>
public sealed record Pod : IResource<Pod>
{
    public static ResourceType Type { get; } = new("", "v1", "pods", nameof(Pod), IsNamespaced: true);

    /// <summary>Standalone mode: the path of the pod's network namespace, as <c>/run/netns/archive-0</c>.</summary>
    public const string NetworkNamespaceAnnotation = "netpulse.io/network-namespace";

    /// <summary>The well-known label that names a pod's workload where its owner is not known.</summary>
    public const string WorkloadLabel = "app.kubernetes.io/name";

    /// <summary>What a Deployment's ReplicaSet adds to its name, on each of its pods.</summary>
    public const string TemplateHashLabel = "pod-template-hash";

    /// <summary>The UID by which the kubelet knows a static pod; the API server's copy of it has another one.</summary>
    public const string StaticPodAnnotation = "kubernetes.io/config.hash";

    public string ApiVersion { get; init; } = "v1";

    public string Kind { get; init; } = "Pod";

    public required ObjectMeta Metadata { get; init; }

    public PodSpec Spec { get; init; } = new();

    public PodStatus Status { get; init; } = new();
}

public sealed record PodSpec
{
    public string NodeName { get; init; } = "";

    public bool HostNetwork { get; init; }

    public IReadOnlyList<Container> Containers { get; init; } = [];

    public IReadOnlyList<Container> InitContainers { get; init; } = [];
}

public sealed record Container
{
    public string Name { get; init; } = "";

    public IReadOnlyList<ContainerPort> Ports { get; init; } = [];

    /// <summary><c>Always</c> on an init container makes it a sidecar, which runs as long as the pod; empty otherwise.</summary>
    public string RestartPolicy { get; init; } = "";
}

public sealed record ContainerPort
{
    /// <summary>What a policy's named port refers to; may be empty.</summary>
    public string Name { get; init; } = "";

    [JsonPropertyName("containerPort")]
    public int Number { get; init; }

    /// <summary>TCP, UDP or SCTP.</summary>
    public string Protocol { get; init; } = "TCP";
}

public sealed record PodStatus
{
    public const string Succeeded = "Succeeded";
    public const string Failed = "Failed";

    /// <summary><c>Pending</c>, <c>Running</c>, <see cref="Succeeded"/>, <see cref="Failed"/>; may be empty.</summary>
    public string Phase { get; init; } = "";

    /// <summary>Empty until the pod has an address.</summary>
    public string PodIP { get; init; } = "";

    /// <summary>One of each family; the first is <see cref="PodIP"/>. Empty until the pod has an address.</summary>
    public IReadOnlyList<PodAddress> PodIPs { get; init; } = [];
}

public sealed record PodAddress
{
    public string Ip { get; init; } = "";
}
