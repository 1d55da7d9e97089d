namespace NetPulse.Collector.Attribution;

/// <summary>The pods, services and nodes that sockets and addresses are named after.</summary>
public interface IClusterObjects
{
    /// <summary>As of the last <see cref="Refresh"/>; empty until the first. So for the others.</summary>
    IReadOnlyList<KnownPod> Pods { get; }

    IReadOnlyList<AddressOwner> Services { get; }

    IReadOnlyList<AddressOwner> Nodes { get; }

    /// <summary>Takes over what has changed, without waiting for anybody. Called by one thread at a time.</summary>
    /// <returns>Whether there was any difference.</returns>
    bool Refresh();
}
