using System.Text.Json.Serialization;

namespace NetPulse.Kubernetes.Objects;

/// <summary>policy.networking.k8s.io/v1alpha1 AdminNetworkPolicy: decided before any NetworkPolicy.</summary>
public sealed record AdminNetworkPolicy : IKubernetesObject
{
    public const string Version = "policy.networking.k8s.io/v1alpha1";

    public string ApiVersion { get; init; } = Version;

    public string Kind { get; init; } = nameof(AdminNetworkPolicy);

    public required ObjectMeta Metadata { get; init; }

    public AdminNetworkPolicySpec Spec { get; init; } = new();
}

/// <summary>policy.networking.k8s.io/v1alpha1 BaselineAdminNetworkPolicy: decides where no NetworkPolicy isolates. The only one is named <c>default</c>.</summary>
public sealed record BaselineAdminNetworkPolicy : IKubernetesObject
{
    public const string OnlyName = "default";

    public string ApiVersion { get; init; } = AdminNetworkPolicy.Version;

    public string Kind { get; init; } = nameof(BaselineAdminNetworkPolicy);

    public required ObjectMeta Metadata { get; init; }

    public AdminNetworkPolicySpec Spec { get; init; } = new();
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminNetworkPolicySpec
{
    /// <summary>0 to 1000, the lowest first; absent in a baseline.</summary>
    public int? Priority { get; init; }

    public AdminPolicySubject Subject { get; init; } = new();

    public IReadOnlyList<AdminNetworkPolicyRule> Ingress { get; init; } = [];

    public IReadOnlyList<AdminNetworkPolicyRule> Egress { get; init; } = [];
}

/// <summary>One rule of either direction: the first that matches decides.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminNetworkPolicyRule
{
    public string Name { get; init; } = "";

    /// <summary><c>Allow</c>, <c>Deny</c>, or <c>Pass</c>: the next tier decides.</summary>
    public string Action { get; init; } = "";

    public IReadOnlyList<AdminPolicyPeer> From { get; init; } = [];

    public IReadOnlyList<AdminPolicyPeer> To { get; init; } = [];

    /// <summary>Empty: every port.</summary>
    public IReadOnlyList<AdminNetworkPolicyPort> Ports { get; init; } = [];
}

/// <summary>Exactly one field is set.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminNetworkPolicyPort
{
    public AdminPortNumber? PortNumber { get; init; }

    /// <summary>A container port of the destination; its protocol is the container port's.</summary>
    public string? NamedPort { get; init; }

    public AdminPortRange? PortRange { get; init; }
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminPortNumber
{
    public string Protocol { get; init; } = "TCP";

    public int Port { get; init; }
}

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminPortRange
{
    public string Protocol { get; init; } = "TCP";

    public int Start { get; init; }

    /// <summary>Inclusive.</summary>
    public int End { get; init; }
}

/// <summary>Whom an admin policy applies to: exactly one field is set.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminPolicySubject
{
    public LabelSelector? Namespaces { get; init; }

    public NamespacedPods? Pods { get; init; }
}

/// <summary>The other side of an admin policy's rule: exactly one field is set; the last three in egress only.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AdminPolicyPeer
{
    public LabelSelector? Namespaces { get; init; }

    public NamespacedPods? Pods { get; init; }

    public LabelSelector? Nodes { get; init; }

    /// <summary>CIDRs.</summary>
    public IReadOnlyList<string> Networks { get; init; } = [];

    public IReadOnlyList<string> DomainNames { get; init; } = [];
}

/// <summary>Pods whose namespace and whose own labels both match.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NamespacedPods
{
    public LabelSelector NamespaceSelector { get; init; } = LabelSelector.Everything;

    public LabelSelector PodSelector { get; init; } = LabelSelector.Everything;
}
