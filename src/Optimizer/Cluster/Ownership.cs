using NetPulse.Kubernetes.Client;

namespace NetPulse.Optimizer.Cluster;

/// <summary>How an object says that we made it.</summary>
internal static class Ownership
{
    /// <summary>On recommendations where the work is split: whose they are.</summary>
    public const string GroupLabel = "netpulse.io/group";

    public static IReadOnlyDictionary<string, string> Labels { get; } = new Dictionary<string, string>(StringComparer.Ordinal) { ["app.kubernetes.io/managed-by"] = "netpulse" };

    /// <summary>The recommendations of one group; without a group, those that are nobody's else.</summary>
    public static ResourceQuery Of(string group) => new() { LabelSelector = group.Length > 0 ? $"{GroupLabel}={group}" : $"!{GroupLabel}" };

    public static IReadOnlyDictionary<string, string> LabelsOf(string group) =>
        group.Length == 0 ? Labels : new Dictionary<string, string>(Labels, StringComparer.Ordinal) { [GroupLabel] = group };
}
