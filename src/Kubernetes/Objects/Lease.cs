using System.Text.Json.Serialization;

namespace NetPulse.Kubernetes.Objects;

/// <summary>Kubernetes coordination.k8s.io/v1 Lease.</summary>
public sealed record Lease : IWholeResource<Lease>
{
    public static ResourceType Type { get; } = new("coordination.k8s.io", "v1", "leases", nameof(Lease), IsNamespaced: true);

    public string ApiVersion { get; init; } = "coordination.k8s.io/v1";

    public string Kind { get; init; } = nameof(Lease);

    public required ObjectMeta Metadata { get; init; }

    public LeaseSpec Spec { get; init; } = new();
}

public sealed record LeaseSpec
{
    /// <summary>Empty: nobody holds it; the field is then not sent.</summary>
    public string HolderIdentity { get; init; } = "";

    /// <summary>Seconds after the last renewal from when others may take it; at least 1.</summary>
    public int? LeaseDurationSeconds { get; init; }

    [JsonConverter(typeof(MicroTime.JsonConverter))]
    public DateTimeOffset? AcquireTime { get; init; }

    [JsonConverter(typeof(MicroTime.JsonConverter))]
    public DateTimeOffset? RenewTime { get; init; }

    /// <summary>How often it changed hands; never falls as long as the object lives.</summary>
    public int? LeaseTransitions { get; init; }

    /// <summary>Coordinated leader election (1.31+); kept as found.</summary>
    public string Strategy { get; init; } = "";

    /// <summary>As above.</summary>
    public string PreferredHolder { get; init; } = "";
}
