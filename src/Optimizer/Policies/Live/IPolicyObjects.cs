using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Policies.Live;

/// <summary>The network policies, and the mark of canary pods: in the API server (<see cref="ClusterPolicyObjects"/>), or in a directory of manifests (<see cref="DirectoryPolicyObjects"/>).</summary>
/// <remarks>A refusal is an <see cref="IOException"/>: a <see cref="NetPulse.Kubernetes.Client.KubernetesException"/> where a server refused.</remarks>
public interface IPolicyObjects
{
    Task<ImmutableArray<NetworkPolicy>> ListAsync(CancellationToken cancellationToken);

    /// <summary>The nodes and the services: whose an address is.</summary>
    Task<(ImmutableArray<Node> Nodes, ImmutableArray<Service> Services)> ListAddressesAsync(CancellationToken cancellationToken);

    /// <returns>Why it would be refused; <see langword="null"/> when it would be taken. Nothing is stored.</returns>
    Task<string?> RefusalAsync(NetworkPolicy policy, CancellationToken cancellationToken);

    /// <summary>Creates it or makes it say this. Fields that another manager owns are not taken.</summary>
    Task ApplyAsync(NetworkPolicy policy, CancellationToken cancellationToken);

    /// <summary>One that is gone already is no failure.</summary>
    Task DeleteAsync(string @namespace, string name, CancellationToken cancellationToken);

    /// <returns>Why the label would be refused; <see langword="null"/> when it would be taken. Nothing is stored.</returns>
    Task<string?> LabelRefusalAsync(PodReference pod, string key, string? value, CancellationToken cancellationToken);

    /// <param name="value">Null: the label is taken away. A pod that is gone is no failure.</param>
    Task LabelAsync(PodReference pod, string key, string? value, CancellationToken cancellationToken);
}
