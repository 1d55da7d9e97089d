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
    IReadOnlyList<(string Name, PortRange Port)> NamedPorts,
    ImmutableSortedSet<string> Members)
{
    private static readonly ImmutableSortedSet<string> Nobody = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    /// <summary>A class of one pod.</summary>
    internal PodClass(PodClassKey key, PodPlace first)
        : this(key, first.Party, Classes.NamedPorts.Of(first.Pod), Nobody.Add(first.Party.Name))
    {
    }

    internal ClassDiversity Diversity { get; private init; } = ClassDiversity.None;

    public string Namespace => Key.Namespace;

    public IReadOnlyDictionary<string, string> Labels => Example.ManagedPod!.Metadata.Labels;

    public IpFamily Primary => Example.Primary;

    public bool HasV6 => Example.V6 is not null;

    public bool IsDualStack => Example.V4 is not null && HasV6;

    /// <summary>With one pod more, or with one that is another than before in what no policy asks for.</summary>
    internal PodClass With(PodPlace pod) => (Example.Name == pod.Party.Name ? Of(pod) : this) with
    {
        Members = Members.Add(pod.Party.Name),
        Diversity = Members.Count == 1 && Members.Contains(pod.Party.Name) ? ClassDiversity.None : Diversity.With(new PodPlace(Example.ManagedPod!, Example, -1), pod),
    };

    /// <summary>Without one of several pods.</summary>
    /// <param name="left">One of the others.</param>
    internal PodClass Without(string name, PodPlace left) => (Example.Name == name ? Of(left) : this) with { Members = Members.Remove(name) };

    private PodClass Of(PodPlace example) => this with { Example = example.Party, NamedPorts = Classes.NamedPorts.Of(example.Pod) };
}

/// <summary>What makes pods one class.</summary>
/// <param name="V4">The cell of its IPv4 addresses; null without one.</param>
/// <param name="V6">The cell of its IPv6 addresses; null without one.</param>
/// <param name="Labels">What is seen of the labels, as a text.</param>
/// <param name="NamedPorts">Those that some rule names, as a text.</param>
public readonly record struct PodClassKey(string Namespace, int? V4, int? V6, IpFamily Primary, string Labels, string NamedPorts);

/// <summary>A pod, and the number of its class; -1 for one that policies do not apply to.</summary>
internal readonly record struct PodPlace(Pod Pod, Party Party, int Class);
