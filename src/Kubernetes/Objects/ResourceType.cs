namespace NetPulse.Kubernetes.Objects;

/// <summary>Where the API server keeps a kind.</summary>
/// <param name="Group">Empty for the core group.</param>
/// <param name="Plural">The resource's name in paths and in RBAC, as <c>networkpolicies</c>.</param>
public sealed record ResourceType(string Group, string Version, string Plural, string Kind, bool IsNamespaced)
{
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>Only metadata is asked for, whatever the kind.</summary>
    public bool IsMetadataOnly { get; init; }

    /// <summary>Path of the collection, or of one object, without a leading slash.</summary>
    /// <param name="namespace">Empty: all namespaces, or a cluster-scoped kind.</param>
    /// <param name="name">Empty: the collection.</param>
    /// <param name="subresource">As <c>status</c>; empty for the object itself.</param>
    public string Path(string @namespace, string name = "", string subresource = "") => string.Concat(
        Group.Length == 0 ? $"api/{Version}" : $"apis/{Group}/{Version}",
        IsNamespaced && @namespace.Length > 0 ? $"/namespaces/{Uri.EscapeDataString(@namespace)}" : "",
        $"/{Plural}",
        name.Length > 0 ? $"/{Uri.EscapeDataString(name)}" : "",
        subresource.Length > 0 ? $"/{subresource}" : "");
}

/// <summary>A kind that the API server serves.</summary>
public interface IResource<TSelf> : IKubernetesObject
    where TSelf : class, IResource<TSelf>
{
#pragma warning disable S2743 // abstract: each kind has its own
    static abstract ResourceType Type { get; }
#pragma warning restore S2743
}

/// <summary>A kind of which every field stands in the type: replacing the whole object loses nothing.</summary>
public interface IWholeResource<TSelf> : IResource<TSelf>
    where TSelf : class, IWholeResource<TSelf>;

/// <summary>The metadata of any kind, where that is enough; benchmarks/results/kubernetes.md says what it saves.</summary>
public sealed record PartialObject<TResource> : IResource<PartialObject<TResource>>
    where TResource : class, IResource<TResource>
{
#pragma warning disable CA1000 // each closed type is another resource
    public static ResourceType Type { get; } = TResource.Type with { IsMetadataOnly = true };
#pragma warning restore CA1000

    public string ApiVersion { get; init; } = "meta.k8s.io/v1";

    public string Kind { get; init; } = "PartialObjectMetadata";

    public required ObjectMeta Metadata { get; init; }
}
