using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Model;

namespace NetPulse.Optimizer.Policies.Live;

/// <summary>Packets of a pod that the kernel dropped because a rule said so.</summary>
/// <param name="Pod">As <c>namespace/name</c>.</param>
/// <param name="Reason">The kernel's, as <c>NETFILTER_DROP</c> (docs/drops.md).</param>
public sealed record PolicyDrop(string Pod, string Reason, long Packets, DateTimeOffset Last)
{
    /// <summary>The class into which docs/drops.md puts such reasons.</summary>
    public const string Class = "policy";

    /// <summary>Policies that isolate the pod, by which the plugin's rules may come about; empty when it is somebody else's rule.</summary>
    public ImmutableArray<PolicyReference> Isolating { get; init; } = [];

    internal PolicyDrop Explained(PolicyEngine engine) => engine.PodNamed(Pod) is { ManagedPod: not null } pod && engine.ClassOf(pod) is var podClass
        ? this with { Isolating = [.. new[] { Direction.Ingress, Direction.Egress }.SelectMany(d => engine.PoliciesOf(podClass, d).All).Select(static p => p.Model.Reference).Distinct()] }
        : this;

    public override string ToString() => $"{Pod}: {Packets} packets dropped ({Reason}), last {Last:yyyy-MM-dd HH:mm:ss}Z: "
        + (Isolating.IsEmpty ? "no policy is about the pod, so that another rule of the node does it (nftables, tc, a security module)" : $"it is under {string.Join(", ", Isolating)}");
}
