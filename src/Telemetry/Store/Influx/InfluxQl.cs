using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Influx;

/// <summary>Selectors as InfluxQL and as Flux. Only what both surely mean alike is asked of the server; the rest is tested on what it gives.</summary>
internal static class InfluxQl
{
    /// <param name="selector">Which series.</param>
    /// <param name="range">Both ends included.</param>
    /// <param name="onlyLast">One sample a series instead of all.</param>
    public static string Select(SeriesSelector selector, TimeRange range, bool onlyLast)
    {
        var field = onlyLast ? $"last({Name(LineProtocolEncoder.Field)}) AS {Name(LineProtocolEncoder.Field)}" : Name(LineProtocolEncoder.Field);
        var conditions = selector.Matchers.Where(static matcher => matcher.Name != LabelSet.MetricName && Values(matcher) is not null)
            .Select(static matcher => "(" + string.Join(" OR ", Values(matcher)!.Select(value => $"{Name(matcher.Name)} = {Text(value)}")) + ")")
            .Append($"time >= {Milliseconds(range.From)}ms").Append($"time <= {Milliseconds(range.To)}ms");
        return $"SELECT {field} FROM {From(selector)} WHERE {string.Join(" AND ", conditions)} GROUP BY *";
    }

    /// <summary>The same as <see cref="Select"/>, in Flux, whose ranges exclude their end.</summary>
    public static string Flux(string bucket, SeriesSelector selector, TimeRange range, bool onlyLast)
    {
        var conditions = selector.Matchers.Where(static matcher => Values(matcher) is not null)
            .Select(static matcher => "(" + string.Join(" or ", Values(matcher)!.Select(value => $"r[{FluxText(matcher.Name == LabelSet.MetricName ? "_measurement" : matcher.Name)}] == {FluxText(value)}")) + ")")
            .Prepend($"r[\"_field\"] == {FluxText(LineProtocolEncoder.Field)}");
        return $"from(bucket: {FluxText(bucket)})"
            + $" |> range(start: {Date(Milliseconds(range.From))}, stop: {Date(Milliseconds(range.To) + 1)})"
            + $" |> filter(fn: (r) => {string.Join(" and ", conditions)})"
            + (onlyLast ? " |> last()" : "");
    }

    private static string From(SeriesSelector selector) =>
        selector.Matchers.FirstOrDefault(static matcher => matcher.Name == LabelSet.MetricName && Values(matcher) is not null) is { } named
            ? string.Join(", ", Values(named)!.Select(Name))
            : "/.*/";

    /// <summary>The only values that match, none of them the empty one, which would be an absent label.</summary>
    private static IReadOnlyCollection<string>? Values(LabelMatcher matcher) => matcher switch
    {
        { Kind: MatchKind.Equal, Value.Length: > 0 } => [matcher.Value],
        { Kind: MatchKind.Pattern, Pattern.Literals: { Count: > 0 and <= 100 } literals } when !literals.Contains("") => literals,
        _ => null,
    };

    private static string Name(string name) => $"\"{Escape(name, '"')}\"";

    private static string Text(string value) => $"'{Escape(value.Replace("\n", "\\\n", StringComparison.Ordinal), '\'')}'";

    private static string FluxText(string value) => $"\"{Escape(value.Replace("\n", "\\\n", StringComparison.Ordinal), '"').Replace("${", "\\${", StringComparison.Ordinal)}\"";

    private static string Escape(string text, char quote) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace($"{quote}", $"\\{quote}", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);

    /// <summary>InfluxDB counts time in 64 bits of nanoseconds.</summary>
    private static long Milliseconds(DateTimeOffset at) => Math.Clamp(at.ToUnixTimeMilliseconds(), 0, new DateTimeOffset(2200, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds());

    private static string Date(long unixMilliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");
}
