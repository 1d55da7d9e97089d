using System.Text.Json.Serialization;

namespace NetPulse.Kubernetes.Objects;

/// <summary>Kubernetes <c>metav1.LabelSelector</c>: all of it must match; an empty one matches everything.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record LabelSelector
{
    public static readonly LabelSelector Everything = new();

    public IReadOnlyDictionary<string, string> MatchLabels { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public IReadOnlyList<LabelSelectorRequirement> MatchExpressions { get; init; } = [];
}

/// <summary>One condition on one label key.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record LabelSelectorRequirement
{
    public const string In = "In";
    public const string NotIn = "NotIn";
    public const string Exists = "Exists";
    public const string DoesNotExist = "DoesNotExist";

    public string Key { get; init; } = "";

    /// <summary>One of the constants here; anything else matches nothing.</summary>
    public string Operator { get; init; } = "";

    /// <summary>For <see cref="In"/> and <see cref="NotIn"/>; an object without the key matches <see cref="NotIn"/>.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];
}
