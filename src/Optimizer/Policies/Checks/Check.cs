using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;

namespace NetPulse.Optimizer.Policies.Checks;

public enum Severity
{
    /// <summary>Breaks traffic or security, or is rejected.</summary>
    Error,

    /// <summary>Risky or misleading.</summary>
    Warning,

    /// <summary>Hygiene.</summary>
    Info,
}

/// <summary>What a check must have seen before it may say that all is well.</summary>
[Flags]
public enum Evidence
{
    None = 0,
    NetworkPolicies = 1,
    AdminPolicies = 1 << 1,

    /// <summary>Pods and their namespaces.</summary>
    Pods = 1 << 2,
    Services = 1 << 3,

    /// <summary>Observed flows.</summary>
    Flows = 1 << 4,
    Nodes = 1 << 5,
    CniConfiguration = 1 << 6,
    Corefile = 1 << 7,

    /// <summary>Custom resource definitions.</summary>
    Definitions = 1 << 8,
    DaemonSets = 1 << 9,
    Ingresses = 1 << 10,
    Webhooks = 1 << 11,

    /// <summary>Sysctls of a node.</summary>
    NodeState = 1 << 15,

    /// <summary>Time series of the cluster.</summary>
    Metrics = 1 << 16,

    /// <summary>Events of the cluster.</summary>
    Events = 1 << 17,

    /// <summary>The kubelet's configuration.</summary>
    KubeletConfiguration = 1 << 18,

    /// <summary>The state of objects as the API server has it: status, managed fields.</summary>
    LiveObjects = 1 << 19,

    /// <summary>A node's plugin binaries, file modes and allocated addresses.</summary>
    NodeFiles = 1 << 20,

    /// <summary>The MTU of a node's link.</summary>
    NodeLinks = 1 << 21,

    /// <summary>A node's kernel counters.</summary>
    NodeCounters = 1 << 22,

    /// <summary>Which offloads of a node's interfaces are off.</summary>
    NodeOffloads = 1 << 23,

    /// <summary>What the files of sysctl.d say.</summary>
    SysctlFiles = 1 << 24,
}

/// <summary>One thing that can be wrong.</summary>
/// <param name="Id">As in docs/checks.md.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Problem">What is wrong, in one sentence.</param>
/// <param name="Fix">What would be right, in one sentence; a finding may say it more exactly.</param>
/// <param name="Needs">Without all of it the answer is unknown.</param>
/// <param name="Find">Pure; everything that is wrong, in the order of the evidence.</param>
public sealed record Check(string Id, Severity Severity, string Problem, string Fix, Evidence Needs, Func<ClusterEvidence, IEnumerable<Finding>> Find)
{
    /// <summary>As <c>IPPool</c>, or <c>ConfigMap cilium-config</c> for a certain one: without an object of one of them, too, the answer is unknown.</summary>
    public ImmutableArray<string> Kinds { get; init; } = [];

    /// <summary>Metrics of which the scrape must hold one.</summary>
    public ImmutableArray<string> Samples { get; init; } = [];

    /// <summary>What else is missing, in a few words; null when nothing is.</summary>
    public Func<ClusterEvidence, string?> Lacks { get; init; } = static _ => null;
}

/// <summary>Something that is wrong, where, and what would be right.</summary>
/// <param name="Object">As <c>NetworkPolicy shop/web</c>, or a file.</param>
/// <param name="Path">Field, as <c>spec.egress[0].to[1]</c>; empty for the whole object.</param>
/// <param name="Seen">The evidence.</param>
/// <param name="Fix">What would be right; empty for what the check says.</param>
/// <param name="Patch">RFC 6902, where a patch of the object alone is the fix.</param>
/// <param name="File">Where the object stands; empty when it came from the cluster.</param>
/// <param name="Line">From 1; 0 where it is not known.</param>
public sealed record Finding(string Object, string Path, string Seen, string Fix, ImmutableArray<PatchOperation> Patch, string File, int Line)
{
    internal static Finding At(ManifestObject found, string path, string seen, string fix, params ImmutableArray<PatchOperation> patch) =>
        new(ClusterEvidence.NameOf(found), path, seen, fix, patch, found.Document.File, found.LineOf(path));

    internal static Finding In(string file, string path, int line, string seen, string fix) => new(file, path, seen, fix, [], file, line);

    /// <summary>About the cluster as a whole, or something in it that is no object.</summary>
    internal static Finding Of(string subject, string seen, string fix) => new(subject, "", seen, fix, [], "", 0);
}

/// <summary>One operation of RFC 6902.</summary>
public sealed record PatchOperation(string Op, string Path, JsonNode? Value)
{
    internal static PatchOperation Set(string field, JsonNode? value) => new("add", Pointer(field), value);

    internal static PatchOperation Remove(string field) => new("remove", Pointer(field), null);

    public JsonObject ToJson() => Value is null
        ? new JsonObject { ["op"] = Op, ["path"] = Path }
        : new JsonObject { ["op"] = Op, ["path"] = Path, ["value"] = Value.DeepClone() };

    /// <summary><c>spec.egress[0].to</c> → <c>/spec/egress/0/to</c>.</summary>
    private static string Pointer(string field) => "/" + field.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal)
        .Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal).Replace('.', '/');
}
