using System.Text.Json.Serialization;

namespace NetPulse.Kubernetes.Objects;

/// <summary>policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy: the successor of AdminNetworkPolicy and its baseline.</summary>
public sealed record ClusterNetworkPolicy : IKubernetesObject
{
    public const string Version = "policy.networking.k8s.io/v1alpha2";

    public string ApiVersion { get; init; } = Version;

    public string Kind { get; init; } = nameof(ClusterNetworkPolicy);

    public required ObjectMeta Metadata { get; init; }

    public ClusterNetworkPolicySpec Spec { get; init; } = new();
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ClusterNetworkPolicySpec
{
    public const string AdminTier = "Admin";
    public const string BaselineTier = "Baseline";

    /// <summary><see cref="AdminTier"/> or <see cref="BaselineTier"/>.</summary>
    public string Tier { get; init; } = "";

    /// <summary>0 to 1000 in its tier, the lowest first.</summary>
    public int Priority { get; init; }

    public AdminPolicySubject Subject { get; init; } = new();

    public IReadOnlyList<ClusterNetworkPolicyRule> Ingress { get; init; } = [];

    public IReadOnlyList<ClusterNetworkPolicyRule> Egress { get; init; } = [];
}

/// <summary>One rule of either direction: the first that matches decides.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ClusterNetworkPolicyRule
{
    public string Name { get; init; } = "";

    /// <summary><c>Accept</c>, <c>Deny</c>, or <c>Pass</c>: the next tier decides.</summary>
    public string Action { get; init; } = "";

    public IReadOnlyList<AdminPolicyPeer> From { get; init; } = [];

    public IReadOnlyList<AdminPolicyPeer> To { get; init; } = [];

    /// <summary>Empty: every protocol and port.</summary>
    public IReadOnlyList<ClusterNetworkPolicyProtocol> Protocols { get; init; } = [];
}

/// <summary>Exactly one field is set.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ClusterNetworkPolicyProtocol
{
    public ProtocolPorts? Tcp { get; init; }

    public ProtocolPorts? Udp { get; init; }

    public ProtocolPorts? Sctp { get; init; }

    /// <summary>A container port of the destination; its protocol is the container port's.</summary>
    public string? DestinationNamedPort { get; init; }
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ProtocolPorts
{
    /// <summary>Absent: every port of the protocol.</summary>
    public DestinationPort? DestinationPort { get; init; }
}

/// <summary>Exactly one field is set.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DestinationPort
{
    public int? Number { get; init; }

    public DestinationPortRange? Range { get; init; }
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DestinationPortRange
{
    public int Start { get; init; }

    /// <summary>Inclusive.</summary>
    public int End { get; init; }
}
