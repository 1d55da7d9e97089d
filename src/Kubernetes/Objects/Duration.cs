using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace NetPulse.Kubernetes.Objects;

/// <summary>Durations as Kubernetes writes them (<c>metav1.Duration</c>): <c>90s</c>, <c>10m</c>, <c>1h30m</c>, <c>250ms</c>; <c>d</c> is a day of 24 h.</summary>
public static partial class Duration
{
    /// <summary>Also reads <c>hh:mm:ss</c>; nothing that is negative.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        var match = Units().Match(text);
        if (!match.Success)
        {
            return text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out duration) && duration >= TimeSpan.Zero;
        }

        for (var i = 0; i < match.Groups["number"].Captures.Count; i++)
        {
            var number = decimal.Parse(match.Groups["number"].Captures[i].ValueSpan, CultureInfo.InvariantCulture);
            var ticks = number * match.Groups["unit"].Captures[i].Value switch
            {
                "ms" => TimeSpan.TicksPerMillisecond,
                "s" => TimeSpan.TicksPerSecond,
                "m" => TimeSpan.TicksPerMinute,
                "h" => TimeSpan.TicksPerHour,
                _ => TimeSpan.TicksPerDay,
            };
            if (duration.Ticks + ticks > long.MaxValue)
            {
                return false;
            }

            duration += TimeSpan.FromTicks((long)ticks);
        }

        return true;
    }

    /// <exception cref="ArgumentOutOfRangeException">It is negative; ours never are.</exception>
    public static string Format(TimeSpan duration)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(duration, TimeSpan.Zero);
        if (duration == TimeSpan.Zero)
        {
            return "0s";
        }

        var text = new System.Text.StringBuilder();
        var milliseconds = duration.Ticks % TimeSpan.TicksPerSecond / (decimal)TimeSpan.TicksPerMillisecond;
        foreach (var (count, unit) in new[] { (duration.Days, "d"), (duration.Hours, "h"), (duration.Minutes, "m"), (duration.Seconds, "s"), (milliseconds, "ms") })
        {
            _ = count == 0 ? text : text.Append(CultureInfo.InvariantCulture, $"{count:0.####}").Append(unit);
        }

        return text.ToString();
    }

    [GeneratedRegex(@"^(?:(?<number>[0-9]{1,9}(?:\.[0-9]{1,6})?)(?<unit>ms|s|m|h|d))+$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex Units();

    /// <summary>For fields of our objects.</summary>
    public sealed class JsonConverter : JsonConverter<TimeSpan>
    {
        /// <exception cref="JsonException">The text is no duration.</exception>
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && reader.GetString() is { } text && TryParse(text, out var duration)
                ? duration
                : throw new JsonException("must be a duration, as 90s, 10m or 1h30m");

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteStringValue(Format(value));
    }
}
