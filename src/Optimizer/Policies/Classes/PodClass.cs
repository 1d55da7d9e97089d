using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>Pods that no policy tells apart: same namespace, same answers to what selectors ask of labels, same named ports, addresses in the same blocks.</summary>
/// <param name="Key">All of that.</param>
/// <param name="Labels">Only what some selector asks for; every selector of a policy answers as for those of the pods.</param>
/// <param name="NamedPorts">Only those that some rule names.</param>
/// <param name="Members">As <c>namespace/name</c>.</param>
public sealed record PodClass(
    PodClassKey Key,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyList<(string Name, PortRange Port)> NamedPorts,
    ImmutableSortedSet<string> Members)
{
    public string Namespace => Key.Namespace;

    public int? V4 => Key.V4;

    public int? V6 => Key.V6;

    public IpFamily Primary => Key.Primary;

    public bool IsDualStack => V4 is not null && V6 is not null;
}

/// <summary>What makes pods one class.</summary>
/// <param name="V4">The cell of its IPv4 addresses; null without one.</param>
/// <param name="V6">The cell of its IPv6 addresses; null without one.</param>
/// <param name="Labels">What is seen of the labels, as a text.</param>
/// <param name="NamedPorts">Those that some rule names, as a text.</param>
public readonly record struct PodClassKey(string Namespace, int? V4, int? V6, IpFamily Primary, string Labels, string NamedPorts);

/// <summary>A pod, and the number of its class; -1 for one that policies do not apply to.</summary>
internal readonly record struct PodPlace(Pod Pod, Party Party, int Class);
