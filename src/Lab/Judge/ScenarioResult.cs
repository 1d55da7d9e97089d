using System.Text.Json.Serialization;

namespace NetPulse.Lab.Judge;

/// <summary>What became of one scenario.</summary>
/// <param name="Cause">What the optimizer named first; several joined by <c>+</c> in a mixture; <see langword="null"/>: none.</param>
/// <param name="Change">What it kept, or what is in force at the end; <see langword="null"/>: nothing.</param>
/// <param name="Before">The load's own figure during the trouble, in its unit.</param>
/// <param name="After">The same at the end.</param>
/// <param name="Ratio">How many times better it is.</param>
/// <param name="SecondsToHeal">From the trouble's beginning until the figure was as good as it should be; <see langword="null"/>: never.</param>
/// <param name="AppliedWrong">Changes that were made and do not belong to the trouble.</param>
public sealed record ScenarioResult(
    [property: JsonPropertyName("cause")] string? Cause,
    [property: JsonPropertyName("change")] string? Change,
    [property: JsonPropertyName("before")] double? Before,
    [property: JsonPropertyName("after")] double? After,
    [property: JsonPropertyName("ratio")] double? Ratio,
    [property: JsonPropertyName("seconds_to_heal")] double? SecondsToHeal,
    [property: JsonPropertyName("applied_wrong")] int AppliedWrong)
{
    /// <summary>Why there is no result; <see langword="null"/> where there is one.</summary>
    [JsonPropertyName("failed"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Failed { get; init; }

    public static ScenarioResult Without(string reason) => new(null, null, null, null, null, null, 0) { Failed = reason };
}
