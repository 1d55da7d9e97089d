namespace NetPulse.Kubernetes.Objects;

/// <summary>Kubernetes discovery.k8s.io/v1 EndpointSlice: only the fields that we use.</summary>
public sealed record EndpointSlice : IResource<EndpointSlice>
{
    /// <summary>The label that names the slice's service.</summary>
    public const string ServiceLabel = "kubernetes.io/service-name";

    public static ResourceType Type { get; } = new("discovery.k8s.io", "v1", "endpointslices", nameof(EndpointSlice), IsNamespaced: true);

    public string ApiVersion { get; init; } = "discovery.k8s.io/v1";

    public string Kind { get; init; } = nameof(EndpointSlice);

    public required ObjectMeta Metadata { get; init; }

    /// <summary><c>IPv4</c>, <c>IPv6</c> or <c>FQDN</c>.</summary>
    public string AddressType { get; init; } = "";

    public IReadOnlyList<Endpoint> Endpoints { get; init; } = [];

    public IReadOnlyList<EndpointPort> Ports { get; init; } = [];
}

public sealed record Endpoint
{
    public IReadOnlyList<string> Addresses { get; init; } = [];

    public EndpointConditions Conditions { get; init; } = new();

    public ObjectReference? TargetRef { get; init; }

    public string NodeName { get; init; } = "";
}

/// <summary>Absent means true for <see cref="Ready"/> and <see cref="Serving"/>.</summary>
public sealed record EndpointConditions
{
    public bool? Ready { get; init; }

    public bool? Serving { get; init; }

    public bool? Terminating { get; init; }
}

public sealed record EndpointPort
{
    public string Name { get; init; } = "";

    public string Protocol { get; init; } = "TCP";

    /// <summary>Absent: every port.</summary>
    public int? Port { get; init; }
}
