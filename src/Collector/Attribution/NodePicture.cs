namespace NetPulse.Collector.Attribution;

/// <summary>Who is who on this node at one moment. Immutable.</summary>
/// <param name="Version">Grows with each difference, so that what was attributed before can be told from what was attributed since.</param>
public sealed record NodePicture(int Version, NamespaceOwners Namespaces, PeerAddresses Peers);
