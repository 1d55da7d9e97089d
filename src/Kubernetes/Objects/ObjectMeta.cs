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

    /// <summary>Unique over time; empty until the API server has given one. In the body of an apply it allows a change only, never a creation.</summary>
    public string Uid { get; init; } = "";

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Empty for what nobody owns.</summary>
    public IReadOnlyList<OwnerReference> OwnerReferences { get; init; } = [];

    /// <summary>Opaque; empty where nothing has stored the object. In the body of a write it must still be the stored one.</summary>
    public string ResourceVersion { get; init; } = "";

    /// <summary>Another after each change of the spec; absent for kinds without one.</summary>
    public long? Generation { get; init; }

    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>Set while finalizers or a grace period hold a deleted object back.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }

    public IReadOnlyList<string> Finalizers { get; init; } = [];
}

/// <summary>An object that owns another one.</summary>
public sealed record OwnerReference
{
    public string ApiVersion { get; init; } = "";

    /// <summary>As <c>ReplicaSet</c>.</summary>
    public string Kind { get; init; } = "";

    public string Name { get; init; } = "";

    public string Uid { get; init; } = "";

    /// <summary>Whether it is the one that made the object and looks after it.</summary>
    public bool Controller { get; init; }

    public bool BlockOwnerDeletion { get; init; }
}

/// <summary>A pod by name.</summary>
public sealed record PodReference
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    public override string ToString() => $"{Namespace}/{Name}";
}

/// <summary>A workload by name: what <see cref="PodWorkload"/> says of each of its pods.</summary>
public sealed record WorkloadReference
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    public override string ToString() => $"{Namespace}/{Name}";
}
