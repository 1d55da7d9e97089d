namespace NetPulse.Kubernetes.Objects;

/// <summary>Kubernetes v1 Service: only the fields that we use.</summary>
public sealed record Service : IResource<Service>
{
    public static ResourceType Type { get; } = new("", "v1", "services", nameof(Service), IsNamespaced: true);

    public string ApiVersion { get; init; } = "v1";

    public string Kind { get; init; } = nameof(Service);

    public required ObjectMeta Metadata { get; init; }

    public ServiceSpec Spec { get; init; } = new();
}

public sealed record ServiceSpec
{
    public const string NodePort = "NodePort";
    public const string LoadBalancer = "LoadBalancer";

    /// <summary><c>ClusterIP</c>, <see cref="NodePort"/>, <see cref="LoadBalancer"/> or <c>ExternalName</c>.</summary>
    public string Type { get; init; } = "ClusterIP";

    /// <summary>Empty for pods that are found by other means, as the API server's own service.</summary>
    public IReadOnlyDictionary<string, string> Selector { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>An address, <c>None</c> for a headless service, or empty.</summary>
    public string ClusterIP { get; init; } = "";

    /// <summary>One of each family; the first is <see cref="ClusterIP"/>.</summary>
    public IReadOnlyList<string> ClusterIPs { get; init; } = [];

    /// <summary><c>Cluster</c>, also when empty: callers from outside may come with a node's address; or <c>Local</c>.</summary>
    public string ExternalTrafficPolicy { get; init; } = "";

    public IReadOnlyList<string> ExternalIPs { get; init; } = [];

    public IReadOnlyList<ServicePort> Ports { get; init; } = [];
}

public sealed record ServicePort
{
    public string Name { get; init; } = "";

    /// <summary>TCP, UDP or SCTP.</summary>
    public string Protocol { get; init; } = "TCP";

    public int Port { get; init; }

    /// <summary>Number or name of the pods' port; absent: the same as <see cref="Port"/>.</summary>
    public IntOrString? TargetPort { get; init; }

    /// <summary>0 without one.</summary>
    public int NodePort { get; init; }
}
