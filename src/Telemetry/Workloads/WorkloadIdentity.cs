namespace NetPulse.Telemetry.Workloads;

/// <summary>Who sent or received: a pod and the workload that owns it, or something that is no pod.</summary>
/// <param name="Namespace">Kubernetes namespace; empty for what is no pod.</param>
/// <param name="Workload">Owner's name (Deployment, StatefulSet, …), or <see cref="Host"/>'s, a network namespace's or an outside group's name.</param>
/// <param name="Pod">Pod name; empty for what is no pod.</param>
public sealed record WorkloadIdentity(string Namespace, string Workload, string Pod)
{
    /// <summary>Processes in the node's own network namespace.</summary>
    public static readonly WorkloadIdentity Host = new("", "host", "");

    /// <summary>A peer on this node's loopback or link-local addresses.</summary>
    public static readonly WorkloadIdentity Loopback = new("", "loopback", "");

    /// <summary>A peer in the private address ranges (RFC 1918, RFC 4193) that is no pod and no node.</summary>
    public static readonly WorkloadIdentity Private = new("", "private", "");

    /// <summary>A peer on the Internet.</summary>
    public static readonly WorkloadIdentity Public = new("", "public", "");

    /// <summary>What the owner is (<c>Deployment</c>, <c>StatefulSet</c>, <c>Service</c>, <c>Node</c>, …); empty where nobody says.</summary>
    public string Kind { get; init; } = "";

    /// <summary>Whether it is a pod that uses the node's own network: its addresses are the node's.</summary>
    public bool IsHostNetwork { get; init; }

    public override string ToString() =>
        Namespace.Length == 0 ? Workload : Pod.Length == 0 ? $"{Namespace}/{Workload}" : $"{Namespace}/{Pod}";
}
