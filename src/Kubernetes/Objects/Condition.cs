using System.Text.Json.Serialization;

namespace NetPulse.Kubernetes.Objects;

/// <summary>Kubernetes <c>metav1.Condition</c>: one thing that is true of an object, or not, and why.</summary>
public sealed record Condition
{
    public const string True = "True";
    public const string False = "False";
    public const string Unknown = "Unknown";

    public required string Type { get; init; }

    /// <summary>One of the constants here.</summary>
    public required string Status { get; init; }

    /// <summary>One CamelCase word for programs.</summary>
    public required string Reason { get; init; }

    /// <summary>For people.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string Message { get; init; } = "";

    /// <summary>When the status last became another.</summary>
    [JsonConverter(typeof(SecondTime.JsonConverter))]
    public DateTimeOffset LastTransitionTime { get; init; }

    /// <summary>Of the spec that was looked at.</summary>
    public long? ObservedGeneration { get; init; }
}

public static class ConditionList
{
    public static Condition? OfType(this IReadOnlyList<Condition> conditions, string type) => conditions.FirstOrDefault(c => c.Type == type);

    /// <summary>The list with this condition in place of the one of its type. The time stays that of the last change of status.</summary>
    public static IReadOnlyList<Condition> With(this IReadOnlyList<Condition> conditions, Condition condition)
    {
        if (conditions.OfType(condition.Type) is not { } before)
        {
            return [.. conditions, condition];
        }

        var kept = before.Status == condition.Status ? condition with { LastTransitionTime = before.LastTransitionTime } : condition;
        return [.. conditions.Select(c => c.Type == condition.Type ? kept : c)];
    }
}
