using System.ComponentModel.DataAnnotations;
using System.Globalization;
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

    /// <summary>Whether somebody has to approve each change by its NetworkRecommendation.</summary>
    public ApprovalPolicy Approval { get; init; } = ApprovalPolicy.NotRequired;

    /// <summary>What becomes, while the policy is paused, of changes that were verified and kept earlier.</summary>
    public PausedKept OnPause { get; init; } = PausedKept.Keep;

    /// <summary>Changes begin only in one of these; at any time when there are none.</summary>
    public IReadOnlyList<MaintenanceWindow> Windows { get; init; } = [];

    /// <summary>Times in which no change begins, whatever the windows say.</summary>
    public IReadOnlyList<ChangeFreeze> Freezes { get; init; } = [];

    /// <summary>What the API server takes and this machine cannot follow: field, value and what becomes of it.</summary>
    public IEnumerable<string> Problems() => Windows.Index().Where(static window => !window.Item.HasKnownZone())
        .Select(static window => $"spec.windows[{window.Index}].timeZone: {window.Item.TimeZone} is no time zone that this machine knows (an IANA name, as Europe/Berlin): that window stays closed");
}

public enum ApprovalPolicy
{
    NotRequired,

    /// <summary>A change waits until its NetworkRecommendation's <c>spec.approval</c> is <c>Approved</c>.</summary>
    Required,
}

/// <summary>What a pause does to changes that are kept.</summary>
public enum PausedKept
{
    /// <summary>They stay: they were verified, and taking them back is a change of its own.</summary>
    Keep,

    /// <summary>They are taken back.</summary>
    Revert,
}

/// <summary>A span of each week in which changes may begin.</summary>
public sealed record MaintenanceWindow
{
    /// <summary>On which days it begins; every day when empty.</summary>
    public IReadOnlyList<DayOfWeek> Days { get; init; } = [];

    /// <summary>Begin, as <c>22:00</c>.</summary>
    [TimeOfDay]
    public required string From { get; init; }

    /// <summary>End, as <c>05:30</c>; on the next day when it is not after the begin.</summary>
    [TimeOfDay]
    public required string To { get; init; }

    /// <summary>IANA name, as <c>Europe/Berlin</c>.</summary>
    [TimeZoneName]
    public string TimeZone { get; init; } = "UTC";

    /// <summary>Whether this machine knows its time zone; the API server takes any word.</summary>
    public bool HasKnownZone() => TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone, out _);

    /// <summary>Whether the moment lies in it; on the wall clock of its time zone, so that a window of a night in which the clock is set is longer or shorter. Never in one of an unknown time zone.</summary>
    public bool Contains(DateTimeOffset moment)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(TimeZone, out var zone))
        {
            return false;
        }

        var local = TimeZoneInfo.ConvertTime(moment, zone);
        var (from, to, now) = (TimeOnly.Parse(From, CultureInfo.InvariantCulture), TimeOnly.Parse(To, CultureInfo.InvariantCulture), TimeOnly.FromTimeSpan(local.TimeOfDay));
        return from < to
            ? IsDay(local.DayOfWeek) && now >= from && now < to
            : (IsDay(local.DayOfWeek) && now >= from) || (IsDay(local.AddDays(-1).DayOfWeek) && now < to);
    }

    public override string ToString() => $"{(Days.Count == 0 ? "every day" : string.Join(", ", Days))} {From} to {To} {TimeZone}";

    private bool IsDay(DayOfWeek day) => Days.Count == 0 || Days.Contains(day);
}

/// <summary>A span of time in which no change begins.</summary>
public sealed record ChangeFreeze
{
    public required DateTimeOffset From { get; init; }

    public required DateTimeOffset To { get; init; }

    /// <summary>Why, for people.</summary>
    public string Reason { get; init; } = "";
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

    /// <summary>Shares of the workload's pods, in per cent, that are changed one after the other once the canary is verified: each 1 to 100; 25, then all unless set. After the last the workload is granted the change.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    [Percentages]
    public IReadOnlyList<int> Stages { get; init; } = [25, 100];

    /// <summary>How long the whole is watched before the change is kept: 10 s to 7 d; as long as the canary is measured unless set.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "7.00:00:00")]
    public TimeSpan? Watch { get; init; }
}

public sealed record ChangeLimits
{
    /// <summary>Changes begun in any hour: 1 to 100; 5 unless set.</summary>
    [Range(1, 100)]
    public int ChangesPerHour { get; init; } = 5;

    /// <summary>Of them, in one namespace: 1 to 100; 2 unless set.</summary>
    [Range(1, 100)]
    public int ChangesPerHourInNamespace { get; init; } = 2;

    /// <summary>Time in which one pod is not changed again: 1 s to 7 d; 1 h unless set.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan Cooldown { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Pods that one change may reach in the end: 1 to 10000; 50 unless set.</summary>
    [Range(1, 10_000)]
    public int MaximumPods { get; init; } = 50;

    /// <summary>Share of the nodes, in per cent, whose own sysctls may be changed within one cooldown, but one node at least: 1 to 100; 10 unless set.</summary>
    [Range(1, 100)]
    public int MaximumNodesPercent { get; init; } = 10;

    /// <summary>Memory that all changes in force on a node may pin together at most: 1 MiB to 1 TiB; 1 GiB unless set.</summary>
    [Range(1L << 20, 1L << 40)]
    public long MaximumMemoryBytes { get; init; } = 1L << 30;

    /// <summary>Proposals within 10 minutes beyond which nothing is changed any more, because one fault shows everywhere: 1 to 1000; 20 unless set.</summary>
    [Range(1, 1000)]
    public int StormProposals { get; init; } = 20;

    /// <summary>Share of the nodes, in per cent, with proposals at once beyond which nothing is changed, where there are more than two nodes: 1 to 100; 50 unless set.</summary>
    [Range(1, 100)]
    public int StormNodesPercent { get; init; } = 50;
}
