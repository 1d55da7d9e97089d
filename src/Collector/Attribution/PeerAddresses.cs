using NetPulse.Collector.Kernel;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Attribution;

/// <summary>Address → pod, service, node, or what lies outside. Immutable.</summary>
public sealed class PeerAddresses
{
    private readonly Dictionary<MappedAddress, AddressWindow[]> windows;
    private readonly AddressGroups groups;

    /// <param name="windows">Who had which address when.</param>
    /// <param name="groups">Names for blocks outside of the cluster.</param>
    public PeerAddresses(IEnumerable<AddressWindow> windows, AddressGroups groups)
    {
        // The one that holds now comes first, then the one that ended last.
        this.windows = windows.GroupBy(each => each.Address).ToDictionary(
            each => each.Key, each => each.OrderByDescending(window => window.Until ?? DateTimeOffset.MaxValue).ToArray());
        this.groups = groups;
    }

    /// <param name="known">Who has which address, always; the first to name an address has it.</param>
    public PeerAddresses(IEnumerable<KeyValuePair<MappedAddress, WorkloadIdentity>> known)
        : this(known.DistinctBy(pair => pair.Key).Select(pair => new AddressWindow(pair.Key, pair.Value, DateTimeOffset.MinValue, null)), AddressGroups.None)
    {
    }

    /// <summary>Who has it, or had it last.</summary>
    public WorkloadIdentity Of(MappedAddress address) =>
        windows.TryGetValue(address, out var owners) ? owners[0].Owner : OfNobody(address);

    private WorkloadIdentity OfNobody(MappedAddress address) =>
        groups.Of(address) is { } named ? named
        : address.IsLoopbackOrLinkLocal ? WorkloadIdentity.Loopback
        : address.IsPrivate ? WorkloadIdentity.Private
        : WorkloadIdentity.Public;
}
