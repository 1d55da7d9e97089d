namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>Something that a person should know before the recommendation is applied.</summary>
/// <param name="Code">One of <see cref="RecommendationFlags"/>.</param>
/// <param name="Subject">The pod, workload, address or flow.</param>
/// <param name="Message">What was done about it and what remains.</param>
/// <param name="NeedsReview">Whether leaving it as it is may break or open something.</param>
public sealed record RecommendationFlag(string Code, string Subject, string Message, bool NeedsReview)
{
    public override string ToString() => $"{Code}: {Subject}: {Message}";
}

public static class RecommendationFlags
{
    /// <summary>A pod without a label that stays: no selector can name it alone.</summary>
    public const string UnselectablePod = "unselectable-pod";

    /// <summary>A pod on the host network: policies do not protect it, and as a peer only its node's address counts.</summary>
    public const string HostNetwork = "host-network";

    /// <summary>A node's address as a peer: whatever runs on that node may use the rule.</summary>
    public const string NodeAddress = "node-address";

    /// <summary>A flow names a pod that is no longer there.</summary>
    public const string UnknownPod = "unknown-pod";

    /// <summary>A peer of which only a summary is known, as <c>public</c>: the workload gets no policy, and its namespace no default deny.</summary>
    public const string UnnamedPeer = "unnamed-peer";

    /// <summary>A service without a selector, as the API server's.</summary>
    public const string ServiceWithoutSelector = "service-without-selector";

    /// <summary>A protocol that network policies cannot express.</summary>
    public const string InexpressibleProtocol = "inexpressible-protocol";

    /// <summary>The second half of connections that are allowed the other way round.</summary>
    public const string Reply = "reply";

    /// <summary>One source that tried many destinations or ports once.</summary>
    public const string Scan = "scan";

    /// <summary>Seen once, to a port that nobody declares.</summary>
    public const string OneOff = "one-off";

    /// <summary>Allowed, though seen hardly ever.</summary>
    public const string Rare = "rare";

    /// <summary>Dropped when it was seen: not allowed now either.</summary>
    public const string Dropped = "dropped";

    /// <summary>More addresses than blocks may be stated without opening too much.</summary>
    public const string ManyAddresses = "many-addresses";

    /// <summary>A port that the world may call, through a load balancer or a node port.</summary>
    public const string PublicIngress = "public-ingress";

    /// <summary>A workload without a flow: the recommendation closes it entirely.</summary>
    public const string NoFlows = "no-flows";

    /// <summary>The window is too short for what happens once a day or once a week.</summary>
    public const string ShortWindow = "short-window";

    /// <summary>A policy in force allows more than was used; a recommendation only adds.</summary>
    public const string ExistingPolicy = "existing-policy";
}
