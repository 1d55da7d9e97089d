using System.ComponentModel.DataAnnotations;

namespace NetPulse.Kubernetes.Objects;

/// <summary>The sysctls that should hold on one node. The Optimizer writes the spec, the node's Tuner the status.</summary>
public sealed record NodeTuning : IWholeResource<NodeTuning>
{
    public static ResourceType Type { get; } = new(NetPulseApi.Group, "v1alpha1", "nodetunings", nameof(NodeTuning), IsNamespaced: false);

    public string ApiVersion { get; init; } = NetPulseApi.Version;

    public string Kind { get; init; } = nameof(NodeTuning);

    /// <summary>Named after the node.</summary>
    public required ObjectMeta Metadata { get; init; }

    public NodeTuningSpec Spec { get; init; } = new();

    public NodeTuningStatus? Status { get; init; }
}

public sealed record NodeTuningSpec
{
    public IReadOnlyList<SysctlSetting> Settings { get; init; } = [];
}

/// <summary>One value that should hold in one network namespace.</summary>
public sealed record SysctlSetting
{
    /// <summary>The change's name, unique in the object; the journal, the status and the Tuner's log carry it.</summary>
    [RegularExpression("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", ErrorMessage = "must be a lower-case DNS name")]
    public required string Name { get; init; }

    /// <summary>Settings of one change hold together in a namespace, or none of them does; absent for one that stands alone.</summary>
    public string? Change { get; init; }

    /// <summary>Whose network namespace; absent, as the workload is, for the node's own.</summary>
    public PodReference? Pod { get; init; }

    /// <summary>Every pod of this workload that runs on the node, also those that come later.</summary>
    public WorkloadReference? Workload { get; init; }

    /// <summary>Dotted name, as <c>net.ipv4.tcp_rmem</c>.</summary>
    [RegularExpression(@"net(\.[a-zA-Z0-9_-]+)+", ErrorMessage = "must be a dotted name below net., as net.ipv4.tcp_rmem")]
    public required string Sysctl { get; init; }

    /// <summary>As it would be written, numbers separated by one space.</summary>
    public required string Value { get; init; }

    /// <summary>The Tuner restores what held before at this time, whoever else is alive; absent: holds until the setting is removed.</summary>
    public DateTimeOffset? RevertAt { get; init; }

    /// <summary>Why, for whoever reads the object.</summary>
    public string Reason { get; init; } = "";
}

public sealed record NodeTuningStatus
{
    /// <summary>When the Tuner last looked at every setting; old means that no Tuner is alive.</summary>
    public DateTimeOffset ObservedAt { get; init; }

    /// <summary>Of the spec at which it looked; absent where generations are not counted, as in a directory.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>What this node's Tuner accepts.</summary>
    public IReadOnlyList<KnobStatus> Knobs { get; init; } = [];

    public IReadOnlyList<SettingStatus> Settings { get; init; } = [];

    /// <summary>The whole desired state could not be read (file, line, field, remedy); what held goes on holding. Empty when it could.</summary>
    public string Problem { get; init; } = "";

    /// <summary><c>Ready</c>: every setting holds.</summary>
    public IReadOnlyList<Condition> Conditions { get; init; } = [];
}

/// <summary>A sysctl that the Tuner accepts, and its range on this node.</summary>
public sealed record KnobStatus
{
    public required string Sysctl { get; init; }

    /// <summary>The unit of each number, as <c>bytes</c>.</summary>
    public required string Unit { get; init; }

    /// <summary>How many numbers the value has, each within the range.</summary>
    public int Fields { get; init; } = 1;

    public long Minimum { get; init; }

    public long Maximum { get; init; }

    /// <summary>Whether each network namespace has its own value; otherwise only the node's can be set.</summary>
    public bool PerNamespace { get; init; }

    /// <summary>Whose value it is, as the Tuner found out on this kernel; absent from a Tuner that does not try.</summary>
    public SysctlScope? Scope { get; init; }

    /// <summary>When a new value counts.</summary>
    public SysctlEffect TakesEffect { get; init; }

    /// <summary>For a sysctl that takes names: those that this node has.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Whether it is this sysctl, or one for any interface that this is one of.</summary>
    public bool IsNamed(string sysctl) => IsNamed(Sysctl, sysctl);

    /// <summary>Whether a dotted name, of which one part may be <c>*</c>, is that of a sysctl.</summary>
    public static bool IsNamed(string pattern, string sysctl)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        return star < 0
            ? pattern == sysctl
            : sysctl.Length >= pattern.Length && sysctl.StartsWith(pattern[..star], StringComparison.Ordinal) && sysctl.EndsWith(pattern[(star + 1)..], StringComparison.Ordinal)
              && !sysctl[star..^(pattern.Length - star - 1)].Contains('.', StringComparison.Ordinal);
    }
}

/// <summary>Whose value a sysctl is.</summary>
public enum SysctlScope
{
    /// <summary>Each network namespace has one, the node's own too; a new one starts with the kernel's default.</summary>
    Namespace,

    /// <summary>Each network namespace has one; a new one starts with what the node's has.</summary>
    NamespaceInherited,

    /// <summary>Only the node has one, for all.</summary>
    Node,

    /// <summary>This kernel has no such sysctl, or the module that brings it is not loaded.</summary>
    Absent,
}

/// <summary>When a new value of a sysctl counts.</summary>
public enum SysctlEffect
{
    /// <summary>At once.</summary>
    Live,

    /// <summary>For connections that begin afterwards.</summary>
    NewConnections,

    /// <summary>For sockets that are made, or ask for a size, afterwards.</summary>
    NewSockets,

    /// <summary>At the next listen().</summary>
    NextListen,

    /// <summary>For interfaces and namespaces that are made afterwards.</summary>
    NewNamespaces,
}

/// <summary>What became of one setting.</summary>
public sealed record SettingStatus
{
    public required string Name { get; init; }

    public required SettingState State { get; init; }

    /// <summary>For people: what was done, or why not and what to do.</summary>
    public string Message { get; init; } = "";

    /// <summary>What held before the first write.</summary>
    public string Before { get; init; } = "";

    /// <summary>What holds now.</summary>
    public string Value { get; init; } = "";

    /// <summary>Since when it is in this state.</summary>
    public DateTimeOffset Since { get; init; }
}

public enum SettingState
{
    /// <summary>The value holds.</summary>
    Applied,

    /// <summary>Nothing was written: unknown, out of range, read-only in that namespace, or no such pod.</summary>
    Refused,

    /// <summary>What held before holds again: removed, expired, or asked for.</summary>
    Reverted,

    /// <summary>Somebody else has written another value since; it was left alone.</summary>
    Overridden,

    /// <summary>The network namespace is gone and the value with it.</summary>
    NamespaceGone,

    /// <summary>The kernel refused a write or a read for a reason that may pass; it is tried again.</summary>
    Failed,
}
