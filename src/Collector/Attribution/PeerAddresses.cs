using NetPulse.Collector.Kernel;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Attribution;

/// <summary>Address → workload, at one moment. Immutable.</summary>
/// <param name="known">Pods' addresses, then those of this node's namespaces; the first to name an address has it.</param>
public sealed class PeerAddresses(IEnumerable<KeyValuePair<MappedAddress, WorkloadIdentity>> known)
{
    private readonly Dictionary<MappedAddress, WorkloadIdentity> owners = known.DistinctBy(pair => pair.Key).ToDictionary();

    public WorkloadIdentity Of(MappedAddress address) =>
        owners.TryGetValue(address, out var owner) ? owner
        : address.IsLoopbackOrLinkLocal ? WorkloadIdentity.Loopback
        : address.IsPrivate ? WorkloadIdentity.Private
        : WorkloadIdentity.Public;
}
