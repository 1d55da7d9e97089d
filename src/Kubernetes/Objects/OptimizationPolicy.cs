using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace NetPulse.Kubernetes.Objects;

/// <summary>What the Optimizer may do, and where. Without one it observes.</summary>
public sealed record OptimizationPolicy : IWholeResource<OptimizationPolicy>
{
    public static ResourceType Type { get; } = new(NetPulseApi.Group, "v1alpha1", "optimizationpolicies", nameof(OptimizationPolicy), IsNamespaced: false);

    public string ApiVersion { get; init; } = NetPulseApi.Version;

    public string Kind { get; init; } = nameof(OptimizationPolicy);

    public required ObjectMeta Metadata { get; init; }

    public OptimizationPolicySpec Spec { get; init; } = new();

    public OptimizationPolicyStatus? Status { get; init; }
}

public sealed record OptimizationPolicyStatus
{
    /// <summary>Of the spec that this is about.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>Whether it is in force, and why not.</summary>
    public IReadOnlyList<Condition> Conditions { get; init; } = [];
}

public sealed record OptimizationPolicySpec
{
    public OptimizationMode Mode { get; init; } = OptimizationMode.Observe;

    /// <summary>The kill switch: any reason in here stops every change.</summary>
    public IReadOnlyList<string> Paused { get; init; } = [];

    /// <summary>Namespaces whose pods may be changed; none when empty.</summary>
    public IReadOnlyList<string> Namespaces { get; init; } = [];

    /// <summary>Namespaces whose pods are never changed, even when they are named above.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IReadOnlyList<string> ProtectedNamespaces { get; init; } = ["kube-system"];

    /// <summary>Sysctls that may be changed; none when empty.</summary>
    public IReadOnlyList<AllowedSysctl> Sysctls { get; init; } = [];

    public CanarySpec Canary { get; init; } = new();

    public ChangeLimits Limits { get; init; } = new();
}

public enum OptimizationMode
{
    /// <summary>Anomalies and causes are shown; nothing is proposed.</summary>
    Observe,

    /// <summary>Changes are proposed with their diff; nothing is written.</summary>
    Propose,

    /// <summary>Changes that every other rule allows are made, on a canary first.</summary>
    Apply,
}

public sealed record AllowedSysctl
{
    [RegularExpression(@"net(\.[a-zA-Z0-9_-]+)+", ErrorMessage = "must be a dotted name below net., as net.ipv4.tcp_rmem")]
    public required string Name { get; init; }

    /// <summary>No number of the value may be larger, in the sysctl's unit; absent: the Tuner's own range alone counts.</summary>
    [Range(0, long.MaxValue)]
    public long? Maximum { get; init; }
}

public sealed record CanarySpec
{
    /// <summary>How long the canary is measured before it is judged: 10 s to 1 h; 10 min unless set.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(10);
}

public sealed record ChangeLimits
{
    /// <summary>Changes begun in any hour: 1 to 100; 5 unless set.</summary>
    [Range(1, 100)]
    public int ChangesPerHour { get; init; } = 5;

    /// <summary>Time in which one pod is not changed again: 1 s to 7 d; 1 h unless set.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan Cooldown { get; init; } = TimeSpan.FromHours(1);
}
