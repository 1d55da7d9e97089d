using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Watching;

namespace NetPulse.Kubernetes.Stores;

/// <summary>Where objects of one kind are kept: the API server (<see cref="ClusterObjectStore{T}"/>), or YAML files in a directory (<see cref="DirectoryObjectStore{T}"/>) in standalone mode.</summary>
/// <remarks>
/// Both refuse with <see cref="KubernetesException"/> and the same faults. Spec and status are written apart, each by its owner. A metadata.resourceVersion
/// in what is written must still be the stored one. The generation is another after each change of the spec; a directory's does not count up.
/// </remarks>
public interface IObjectStore<T>
    where T : class, IWholeResource<T>
{
    /// <summary>All of one moment.</summary>
    Task<ResourceList<T>> ListAsync(CancellationToken cancellationToken = default);

    /// <returns><see langword="null"/> when there is none of that name.</returns>
    Task<T?> FindAsync(string name, string @namespace = "", CancellationToken cancellationToken = default);

    /// <summary>All, then each change, for ever.</summary>
    IAsyncEnumerable<ResourceChange<T>> FollowAsync(CancellationToken cancellationToken = default);

    /// <summary>Creates the object, or makes it say what this says; its status stays.</summary>
    Task<T> ApplyAsync(T value, CancellationToken cancellationToken = default);

    /// <summary>Writes the status alone.</summary>
    /// <exception cref="KubernetesException">With <see cref="ApiFault.NotFound"/>: there is no such object.</exception>
    Task<T> ApplyStatusAsync(T value, CancellationToken cancellationToken = default);

    /// <exception cref="KubernetesException">With <see cref="ApiFault.NotFound"/>: there is no such object.</exception>
    Task DeleteAsync(string name, string @namespace = "", CancellationToken cancellationToken = default);
}
