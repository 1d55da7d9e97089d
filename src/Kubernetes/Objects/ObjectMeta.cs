namespace NetPulse.Kubernetes.Objects;

/// <summary>An object of the API server, or of a directory of YAML files in standalone mode.</summary>
public interface IKubernetesObject
{
    string ApiVersion { get; }

    string Kind { get; }

    ObjectMeta Metadata { get; }
}

/// <summary>Kubernetes <c>metadata</c>: only the fields that we use.</summary>
public sealed record ObjectMeta
{
    public required string Name { get; init; }

    /// <summary>Empty for cluster-scoped objects.</summary>
    public string Namespace { get; init; } = "";

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>A pod by name.</summary>
public sealed record PodReference
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    public override string ToString() => $"{Namespace}/{Name}";
}
