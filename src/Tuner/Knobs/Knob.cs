using System.Globalization;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Tuner.Knobs;

/// <summary>A sysctl that the Tuner accepts, and what of it.</summary>
/// <param name="Sysctl">Dotted name; a <c>*</c> stands for an interface, <c>all</c> or <c>default</c>.</param>
/// <param name="Value">What it may be.</param>
/// <param name="Scope">Whose value it is, as the kernel's documentation says; what a trial finds on the running kernel counts.</param>
/// <param name="TakesEffect">When a new value counts.</param>
/// <param name="Danger">What can go wrong with a value inside the range.</param>
/// <param name="Source">Where the meaning and the range come from.</param>
public sealed record Knob(string Sysctl, KnobValue Value, SysctlScope Scope, SysctlEffect TakesEffect, string Danger, string Source)
{
    private const char AnyInterface = '*';

    /// <summary>What a value must be, for people.</summary>
    public string Allowed => $"{Sysctl} takes {Value.Allowed}";

    /// <summary>The name that stands for it where one has to be tried.</summary>
    internal string TriedAs => Sysctl.Replace($"{AnyInterface}", "default", StringComparison.Ordinal);

    /// <inheritdoc cref="KnobValue.Accept"/>
    public string? Accept(string value, out string refusal)
    {
        var accepted = Value.Accept(value, out refusal);
        refusal = accepted is null ? $"{refusal}; {Allowed}" : "";
        return accepted;
    }

    /// <summary>Whether the value, already accepted, may take the place of the one that held before any change.</summary>
    /// <returns>Why not; empty when it may.</returns>
    public string RefusalInPlaceOf(string before, string value)
    {
        if (Value is not KnobValue.Numbers { DefaultFloor: { } floor, Unit: var unit } || Second(value) is not { } second || second >= floor || Second(before) is not { } held || second >= held)
        {
            return "";
        }

        return $"its second number would go from {held} down to {second} {unit}; it is never lowered below {Math.Min(floor, held)} {unit} here";
    }

    internal bool IsNamed(string sysctl)
    {
        var star = Sysctl.IndexOf(AnyInterface, StringComparison.Ordinal);
        return star < 0
            ? Sysctl == sysctl
            : sysctl.Length >= Sysctl.Length && sysctl.StartsWith(Sysctl[..star], StringComparison.Ordinal) && sysctl.EndsWith(Sysctl[(star + 1)..], StringComparison.Ordinal)
              && !sysctl[star..^(Sysctl.Length - star - 1)].Contains('.', StringComparison.Ordinal);
    }

    private static long? Second(string value) =>
        value.Split(' ') is { Length: > 1 } parts && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>Two sysctls whose values must fit each other in one namespace.</summary>
/// <param name="Smaller">Its number may be at most …</param>
/// <param name="Larger">… this one's, times <paramref name="Factor"/>.</param>
/// <param name="Reason">What breaks otherwise.</param>
public sealed record KnobOrder(string Smaller, string Larger, long Factor, string Reason)
{
    /// <returns>Why the two values do not fit; empty when they do, or one of them is not there.</returns>
    public string Refusal(string? smaller, string? larger) =>
        long.TryParse(smaller, NumberStyles.None, CultureInfo.InvariantCulture, out var small) && long.TryParse(larger, NumberStyles.None, CultureInfo.InvariantCulture, out var large) && small > large * Factor
            ? $"{Smaller} = {small} may be at most {(Factor == 1 ? "" : $"{Factor} times ")}{Larger} = {large}: {Reason}"
            : "";
}
