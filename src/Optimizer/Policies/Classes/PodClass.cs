using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>Pods that no policy tells apart: same namespace, same answers to what selectors ask of labels, same named ports, addresses in the same blocks.</summary>
/// <param name="Key">All of that, as it was seen when the class came to be. Later policies may see more: then the key is outdated, until the class is cut.</param>
/// <param name="Example">One of its pods: whatever a policy asks, it answers for all.</param>
/// <param name="NamedPorts">Of the example; the others have the same where some rule names them.</param>
/// <param name="Members">As <c>namespace/name</c>.</param>
public sealed record PodClass(
    PodClassKey Key,
    Party Example,
    ImmutableArray<(string Name, PortRange Port)> NamedPorts,
    ImmutableSortedSet<string> Members)
{
    internal PodClass(PodClassKey key, PodPlace example, ImmutableSortedSet<string> members)
        : this(key, example.Party, [.. Classes.NamedPorts.Of(example.Pod)], members)
    {
    }

    public string Namespace => Key.Namespace;

    public IReadOnlyDictionary<string, string> Labels => Example.ManagedPod!.Metadata.Labels;

    public IpFamily Primary => Example.Primary;

    public bool HasV6 => Example.V6 is not null;

    public bool IsDualStack => Example.V4 is not null && HasV6;

    /// <summary>The same pods, another of them the example.</summary>
    internal PodClass With(PodPlace example) => new(Key, example, Members);
}

/// <summary>What makes pods one class.</summary>
/// <param name="V4">The cell of its IPv4 addresses; null without one.</param>
/// <param name="V6">The cell of its IPv6 addresses; null without one.</param>
/// <param name="Labels">What is seen of the labels, as a text.</param>
/// <param name="NamedPorts">Those that some rule names, as a text.</param>
public readonly record struct PodClassKey(string Namespace, int? V4, int? V6, IpFamily Primary, string Labels, string NamedPorts);

/// <summary>A pod, and the number of its class; -1 for one that policies do not apply to.</summary>
internal readonly record struct PodPlace(Pod Pod, Party Party, int Class);
