namespace NetPulse.Tuner.Knobs;

/// <summary>A sysctl that the Tuner accepts, and what of it.</summary>
/// <param name="Sysctl">Dotted name.</param>
/// <param name="Unit">Of each number.</param>
/// <param name="Fields">How many numbers the value has, each of the range.</param>
/// <param name="Minimum">Of each number.</param>
/// <param name="Maximum">Of each number.</param>
/// <param name="Scope">Whose value it is.</param>
/// <param name="Danger">What can go wrong with a value inside the range.</param>
/// <param name="Source">Where the meaning and the range come from.</param>
public sealed record Knob(string Sysctl, string Unit, int Fields, long Minimum, long Maximum, KnobScope Scope, string Danger, string Source)
{
    /// <summary>Whether no number may be smaller than the one before it, as in minimum, default, maximum.</summary>
    public bool Ascending { get; init; }

    /// <summary>The second number is never lowered below this; where less held before, not below that. Absent: only the range counts.</summary>
    public long? DefaultFloor { get; init; }

    /// <summary>What a value must be, for people.</summary>
    public string Allowed =>
        $"{Sysctl} takes {(Fields == 1 ? "one number" : $"{Fields} numbers")} of {Minimum} to {Maximum} {Unit}{(Ascending ? ", each at least the one before it" : "")}";

    /// <summary>Reads a value; what the kernel is given is written anew, because it would take a leading zero for octal.</summary>
    /// <returns>The value in its one spelling; <see langword="null"/>, with the reason, when it is not allowed.</returns>
    public string? Accept(string value, out string refusal)
    {
        refusal = "";
        var parts = value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var numbers = new long[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!long.TryParse(parts[i], System.Globalization.NumberStyles.None, null, out numbers[i]))
            {
                refusal = $"'{parts[i]}' is no whole number; {Allowed}";
                return null;
            }
        }

        var outside = Array.FindIndex(numbers, n => n < Minimum || n > Maximum);
        refusal = numbers switch
        {
            _ when numbers.Length != Fields => $"it has {numbers.Length} numbers; {Allowed}",
            _ when outside >= 0 => $"{numbers[outside]} is out of range; {Allowed}",
            _ when Ascending && !numbers.Order().SequenceEqual(numbers) => $"its numbers are not ascending; {Allowed}",
            _ => "",
        };
        return refusal.Length > 0 ? null : string.Join(' ', numbers);
    }

    /// <summary>Whether the value, already accepted, may take the place of the one that held before any change.</summary>
    /// <returns>Why not; empty when it may.</returns>
    public string RefusalInPlaceOf(string before, string value)
    {
        if (DefaultFloor is not { } floor || Second(value) is not { } second || second >= floor || Second(before) is not { } held || second >= held)
        {
            return "";
        }

        return $"its second number would go from {held} down to {second} {Unit}; it is never lowered below {Math.Min(floor, held)} {Unit} here";
    }

    private static long? Second(string value) =>
        value.Split(' ') is { Length: > 1 } parts && long.TryParse(parts[1], System.Globalization.NumberStyles.None, null, out var number) ? number : null;
}

/// <summary>Whose value a sysctl is.</summary>
public enum KnobScope
{
    /// <summary>Each network namespace, the node's own too, has one.</summary>
    NetworkNamespace,

    /// <summary>Only the node has one, for all.</summary>
    Node,
}
