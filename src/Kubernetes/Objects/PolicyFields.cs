using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace NetPulse.Kubernetes.Objects;

/// <summary>A time of day with minutes, as <c>05:30</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class TimeOfDayAttribute() : ValidationAttribute("must be a time of day, as 05:30")
{
    public override bool IsValid(object? value) => value is string text && TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
}

/// <summary>A time zone that this machine knows.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class TimeZoneNameAttribute() : ValidationAttribute("must be the name of a time zone, as Europe/Berlin or UTC, that this machine knows (tzdata)")
{
    public override bool IsValid(object? value) => value is string text && TimeZoneInfo.TryFindSystemTimeZoneById(text, out _);
}

/// <summary>Shares of a whole, in per cent, each larger than the one before it.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class PercentagesAttribute() : ValidationAttribute("must be numbers of 1 to 100, each larger than the one before it")
{
    public override bool IsValid(object? value) =>
        value is IReadOnlyList<int> shares && shares.All(share => share is >= 1 and <= 100) && shares.Zip(shares.Skip(1)).All(pair => pair.First < pair.Second);
}
