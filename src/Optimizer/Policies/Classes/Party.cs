using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>One side of a connection: a pod that policies apply to, or any other address.</summary>
/// <remarks>Pods on the host network and pods that have ended are addresses: no selector matches them and no policy protects them.</remarks>
public sealed record Party
{
    private Party()
    {
    }

    /// <summary><c>namespace/pod</c>, or the address.</summary>
    public required string Name { get; init; }

    /// <summary>Null for an address, and for a pod that counts only by its address.</summary>
    public Pod? ManagedPod { get; private init; }

    public IpValue? V4 { get; private init; }

    public IpValue? V6 { get; private init; }

    /// <summary>The family that a connection to here uses where the other side has it.</summary>
    public IpFamily Primary { get; private init; }

    /// <summary>The address that the question named; then the connection uses it and no other.</summary>
    public IpValue? Stated { get; private init; }

    public static bool IsManaged(Pod pod) => !pod.Spec.HostNetwork && pod.Status.Phase is not (PodStatus.Succeeded or PodStatus.Failed);

    public static Party Of(Pod pod, IEnumerable<IpValue> nodeAddresses)
    {
        IEnumerable<string> texts = pod.Status.PodIPs.Count > 0 ? pod.Status.PodIPs.Select(static a => a.Ip) : [pod.Status.PodIP];
        List<IpValue> addresses = [.. texts.Select(static text => (IsAddress: IpValue.TryParse(text, out var address), address)).Where(static a => a.IsAddress).Select(static a => a.address)];
        if (addresses.Count == 0 && pod.Spec.HostNetwork)
        {
            addresses.AddRange(nodeAddresses);
        }

        return new Party
        {
            Name = $"{pod.Metadata.Namespace}/{pod.Metadata.Name}",
            ManagedPod = IsManaged(pod) ? pod : null,
            V4 = First(addresses, IpFamily.V4),
            V6 = First(addresses, IpFamily.V6),
            Primary = addresses.Count > 0 ? addresses[0].Family : IpFamily.V4,
        };
    }

    public static Party Of(IpValue address) => new()
    {
        Name = address.ToString(),
        V4 = address.Family == IpFamily.V4 ? address : null,
        V6 = address.Family == IpFamily.V6 ? address : null,
        Primary = address.Family,
        Stated = address,
    };

    public Party By(IpValue address) => this with { Stated = address };

    public IpValue? Address(IpFamily family) => family == IpFamily.V4 ? V4 : V6;

    /// <summary>The family of a connection between two parties.</summary>
    public static IpFamily FamilyOf(Party from, Party to)
    {
        if ((to.Stated ?? from.Stated) is { } stated)
        {
            return stated.Family;
        }

        var other = to.Primary == IpFamily.V4 ? IpFamily.V6 : IpFamily.V4;
        return from.Address(to.Primary) is null && from.Address(other) is not null && to.Address(other) is not null ? other : to.Primary;
    }

    private static IpValue? First(List<IpValue> addresses, IpFamily family)
    {
        var index = addresses.FindIndex(a => a.Family == family);
        return index < 0 ? null : addresses[index];
    }
}
