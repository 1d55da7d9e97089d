namespace NetPulse.Kubernetes.Objects;

/// <summary>Kubernetes v1 Namespace: only the fields that we use.</summary>
public sealed record Namespace : IResource<Namespace>
{
    public static ResourceType Type { get; } = new("", "v1", "namespaces", nameof(Namespace), IsNamespaced: false);

    /// <summary>The label that the API server puts on every namespace: its name.</summary>
    public const string NameLabel = "kubernetes.io/metadata.name";

    public string ApiVersion { get; init; } = "v1";

    public string Kind { get; init; } = nameof(Namespace);

    public required ObjectMeta Metadata { get; init; }
}
