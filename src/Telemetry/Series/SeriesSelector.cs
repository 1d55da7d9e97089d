using System.Collections.Immutable;

namespace NetPulse.Telemetry.Series;

/// <summary>How a label is compared. An absent label has the empty value.</summary>
public enum MatchKind
{
    Equal,
    NotEqual,
}

public readonly record struct LabelMatcher(string Name, MatchKind Kind, string Value)
{
    public bool Matches(LabelSet labels) =>
        string.Equals(labels[Name], Value, StringComparison.Ordinal) == (Kind == MatchKind.Equal);
}

/// <summary>Which series: all matchers must hold.</summary>
public sealed record SeriesSelector(ImmutableArray<LabelMatcher> Matchers)
{
    public static SeriesSelector Of(string metric, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var matchers = ImmutableArray.CreateBuilder<LabelMatcher>(labels.Length + 1);
        matchers.Add(new LabelMatcher(LabelSet.MetricName, MatchKind.Equal, metric));
        foreach (var (name, value) in labels)
        {
            matchers.Add(new LabelMatcher(name, MatchKind.Equal, value));
        }

        return new SeriesSelector(matchers.MoveToImmutable());
    }

    public bool Matches(LabelSet labels) => Matchers.All(matcher => matcher.Matches(labels));

    /// <summary>As PromQL writes it.</summary>
    public override string ToString() =>
        "{" + string.Join(',', Matchers.Select(m => $"{m.Name}{(m.Kind == MatchKind.Equal ? "=" : "!=")}\"{Escape(m.Value)}\"")) + "}";

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
