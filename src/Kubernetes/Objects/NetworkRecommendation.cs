using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace NetPulse.Kubernetes.Objects;

/// <summary>One change that the Optimizer proposes: what, why, who approved it, and what became of it. In the target's namespace; node-wide ones in NetPulse's own.</summary>
public sealed record NetworkRecommendation : IWholeResource<NetworkRecommendation>
{
    /// <summary>On every object that a recommendation changed: its name.</summary>
    public const string NameAnnotation = "netpulse.io/recommendation";

    public static ResourceType Type { get; } = new(NetPulseApi.Group, "v1alpha1", "networkrecommendations", nameof(NetworkRecommendation), IsNamespaced: true);

    public string ApiVersion { get; init; } = NetPulseApi.Version;

    public string Kind { get; init; } = nameof(NetworkRecommendation);

    public required ObjectMeta Metadata { get; init; }

    /// <summary>Absent only in the file of a status, which is apart in a directory.</summary>
    public NetworkRecommendationSpec? Spec { get; init; }

    public NetworkRecommendationStatus? Status { get; init; }
}

/// <summary>Never changed once it is written, but for <see cref="Approval"/>: another change is another recommendation.</summary>
public sealed record NetworkRecommendationSpec
{
    public required RecommendationSource Source { get; init; }

    public required RecommendationTarget Target { get; init; }

    public required RecommendedChange Change { get; init; }

    /// <summary>Why, for people.</summary>
    [StringLength(2048)]
    public string Reason { get; init; } = "";

    /// <summary>Whether people let it happen; the policy may demand it.</summary>
    public ApprovalDecision Approval { get; init; } = ApprovalDecision.Pending;

    /// <summary>After this time it is not begun any more.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

public enum ApprovalDecision
{
    Pending,
    Approved,
    Rejected,
}

public sealed record RecommendationSource
{
    public required RecommendationSourceKind Kind { get; init; }

    /// <summary>Group key of the alert, expression of the schedule, or whoever asked.</summary>
    [StringLength(253)]
    public string Ref { get; init; } = "";

    /// <summary>The same for the same target and change, so that it is proposed once.</summary>
    [StringLength(64, MinimumLength = 1)]
    public required string Fingerprint { get; init; }
}

public enum RecommendationSourceKind
{
    Schedule,
    Alert,
    Drift,
    User,
}

/// <summary>What would be changed.</summary>
public sealed record RecommendationTarget
{
    public required string ApiVersion { get; init; }

    public required string Kind { get; init; }

    public required string Name { get; init; }

    /// <summary>Empty for cluster-scoped targets.</summary>
    public string Namespace { get; init; } = "";
}

/// <summary>From what it is to what it should be: sysctls of a node or pod, made and undone together, or a whole object.</summary>
public sealed record RecommendedChange
{
    /// <summary>Empty when an object is changed.</summary>
    public IReadOnlyList<RecommendedSysctl> Sysctls { get; init; } = [];

    /// <summary>Whose network namespace; absent: the node's own.</summary>
    public PodReference? Pod { get; init; }

    /// <summary>The manifest as YAML; empty when sysctls are changed.</summary>
    [StringLength(65536)]
    public string Manifest { get; init; } = "";

    /// <summary>The manifest as it is now; undoing needs no thought.</summary>
    [StringLength(65536)]
    public string Before { get; init; } = "";
}

/// <summary>One value.</summary>
public sealed record RecommendedSysctl
{
    /// <summary>Dotted name.</summary>
    public required string Name { get; init; }

    /// <summary>What holds now.</summary>
    [StringLength(1024)]
    public string Before { get; init; } = "";

    /// <summary>As it would be written.</summary>
    [StringLength(1024)]
    public required string After { get; init; }
}

public sealed record NetworkRecommendationStatus
{
    /// <summary>Of the spec that this is about.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>In one word, for printing; derived from the conditions.</summary>
    public RecommendationPhase Phase { get; init; } = RecommendationPhase.Proposed;

    public IReadOnlyList<Condition> Conditions { get; init; } = [];

    public IReadOnlyList<RecommendationEvidence> Evidence { get; init; } = [];

    /// <summary>When it undoes itself, whoever else is alive.</summary>
    public DateTimeOffset? RevertAt { get; init; }

    /// <summary>The change as the Optimizer's journal has it, with each node that it reaches, for another that takes over; empty until one was begun.</summary>
    [StringLength(524_288)]
    public string Change { get; init; } = "";

    /// <summary>The last steps, the newest last.</summary>
    public IReadOnlyList<RecommendationStep> History { get; init; } = [];
}

public enum RecommendationPhase
{
    Proposed,
    AwaitingApproval,
    Scheduled,
    Canary,
    Applied,
    Verified,
    RolledBack,
    Rejected,
    Expired,
    Blocked,
    Superseded,
}

/// <summary>A measurement that speaks for the change.</summary>
public sealed record RecommendationEvidence
{
    /// <summary>The metric or query.</summary>
    public required string Query { get; init; }

    public double Value { get; init; }

    public double Threshold { get; init; }

    public DateTimeOffset At { get; init; }
}

public sealed record RecommendationStep
{
    [JsonConverter(typeof(SecondTime.JsonConverter))]
    public DateTimeOffset At { get; init; }

    /// <summary>Who: a user's name, or the component.</summary>
    public required string Actor { get; init; }

    public required string Action { get; init; }

    public string Reason { get; init; } = "";
}
