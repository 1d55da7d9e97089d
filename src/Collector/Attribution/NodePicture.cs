using System.Collections.Frozen;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Attribution;

/// <summary>Who is who on this node at one moment. Immutable.</summary>
/// <param name="Version">Grows with each difference, so that what was attributed before can be told from what was attributed since.</param>
public sealed record NodePicture(int Version, NamespaceOwners Namespaces, PeerAddresses Peers)
{
    /// <summary>Nobody is known.</summary>
    public static readonly NodePicture None = new(0, new NamespaceOwners([], []), new PeerAddresses([]));

    public SocketOwners Owners { get; init; } = new(Namespaces, null, FrozenDictionary<string, WorkloadIdentity>.Empty);
}
