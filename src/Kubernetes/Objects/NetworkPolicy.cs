using System.Text.Json.Serialization;

namespace NetPulse.Kubernetes.Objects;

/// <summary>Kubernetes networking.k8s.io/v1 NetworkPolicy. An absent list and an empty one are the same, as the API server stores them.</summary>
public sealed record NetworkPolicy : IWholeResource<NetworkPolicy>
{
    public static ResourceType Type { get; } = new("networking.k8s.io", "v1", "networkpolicies", nameof(NetworkPolicy), IsNamespaced: true);

    public const string Version = "networking.k8s.io/v1";

    public string ApiVersion { get; init; } = Version;

    public string Kind { get; init; } = nameof(NetworkPolicy);

    public required ObjectMeta Metadata { get; init; }

    public NetworkPolicySpec Spec { get; init; } = new();
}

// A misspelt field in a policy makes it mean something else, so none of these types takes one that it does not know.
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NetworkPolicySpec
{
    public const string Ingressing = "Ingress";
    public const string Egressing = "Egress";

    /// <summary>The pods of the policy's own namespace that it applies to; all of them when absent.</summary>
    public LabelSelector PodSelector { get; init; } = LabelSelector.Everything;

    /// <summary>Empty: <c>Ingress</c>, and <c>Egress</c> when there are egress rules.</summary>
    public IReadOnlyList<string> PolicyTypes { get; init; } = [];

    public IReadOnlyList<NetworkPolicyIngressRule> Ingress { get; init; } = [];

    public IReadOnlyList<NetworkPolicyEgressRule> Egress { get; init; } = [];
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NetworkPolicyIngressRule
{
    /// <summary>Empty: every port.</summary>
    public IReadOnlyList<NetworkPolicyPort> Ports { get; init; } = [];

    /// <summary>Empty: everyone.</summary>
    public IReadOnlyList<NetworkPolicyPeer> From { get; init; } = [];
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NetworkPolicyEgressRule
{
    /// <summary>Empty: every port.</summary>
    public IReadOnlyList<NetworkPolicyPort> Ports { get; init; } = [];

    /// <summary>Empty: everyone.</summary>
    public IReadOnlyList<NetworkPolicyPeer> To { get; init; } = [];
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NetworkPolicyPort
{
    /// <summary>TCP, UDP or SCTP; TCP when absent.</summary>
    public string? Protocol { get; init; }

    /// <summary>Number, or the name of a container port of the destination; absent: every port of the protocol.</summary>
    public IntOrString? Port { get; init; }

    /// <summary>Last port of a range that starts at <see cref="Port"/>, inclusive.</summary>
    public int? EndPort { get; init; }
}

/// <summary>Pods by selectors, or addresses. A <see cref="PodSelector"/> alone means the policy's own namespace.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NetworkPolicyPeer
{
    public LabelSelector? PodSelector { get; init; }

    public LabelSelector? NamespaceSelector { get; init; }

    public IpBlock? IpBlock { get; init; }
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record IpBlock
{
    public string Cidr { get; init; } = "";

    /// <summary>Blocks inside <see cref="Cidr"/> that are left out.</summary>
    public IReadOnlyList<string> Except { get; init; } = [];
}
