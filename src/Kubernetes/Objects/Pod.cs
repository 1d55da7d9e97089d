namespace NetPulse.Kubernetes.Objects;

/// <summary>Kubernetes v1 Pod: only the fields that we use.</summary>
public sealed record Pod : IKubernetesObject
{
    /// <summary>Standalone mode: the path of the pod's network namespace, as <c>/run/netns/archive-0</c>.</summary>
    public const string NetworkNamespaceAnnotation = "netpulse.io/network-namespace";

    /// <summary>The well-known label that names a pod's workload where its owner is not known.</summary>
    public const string WorkloadLabel = "app.kubernetes.io/name";

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
}

public sealed record PodStatus
{
    /// <summary>Empty until the pod has an address.</summary>
    public string PodIP { get; init; } = "";
}
