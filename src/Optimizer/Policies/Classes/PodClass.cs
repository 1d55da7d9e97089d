using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>Pods that no policy tells apart: same namespace, same values of the labels that selectors ask for, same named ports, addresses in the same blocks.</summary>
/// <param name="Key">All of that in one text.</param>
/// <param name="Labels">Only those that some selector asks for.</param>
/// <param name="NamedPorts">Only those that some rule names.</param>
/// <param name="V4">The class of its IPv4 addresses; null without one.</param>
/// <param name="V6">The class of its IPv6 addresses; null without one.</param>
/// <param name="Members">As <c>namespace/name</c>.</param>
public sealed record PodClass(
    string Key,
    string Namespace,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyList<(string Name, PortRange Port)> NamedPorts,
    int? V4,
    int? V6,
    IpFamily Primary,
    ImmutableSortedSet<string> Members)
{
    public bool IsDualStack => V4 is not null && V6 is not null;
}

/// <summary>A pod, and the number of its class; -1 for one that policies do not apply to.</summary>
internal readonly record struct PodPlace(Pod Pod, Party Party, int Class);
