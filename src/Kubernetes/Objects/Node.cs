namespace NetPulse.Kubernetes.Objects;

/// <summary>Kubernetes v1 Node: only the fields that we use.</summary>
public sealed record Node : IResource<Node>
{
    public static ResourceType Type { get; } = new("", "v1", "nodes", nameof(Node), IsNamespaced: false);

    public string ApiVersion { get; init; } = "v1";

    public string Kind { get; init; } = nameof(Node);

    public required ObjectMeta Metadata { get; init; }

    public NodeStatus Status { get; init; } = new();
}

public sealed record NodeStatus
{
    public IReadOnlyList<NodeAddress> Addresses { get; init; } = [];
}

public sealed record NodeAddress
{
    /// <summary>As <c>InternalIP</c>, <c>ExternalIP</c>, <c>Hostname</c>.</summary>
    public string Type { get; init; } = "";

    public string Address { get; init; } = "";
}
