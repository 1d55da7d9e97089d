using System.Collections.Immutable;

namespace NetPulse.Telemetry.Series;

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

    public bool Matches(LabelSet labels)
    {
        foreach (var matcher in Matchers)
        {
            if (!matcher.Matches(labels))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>As PromQL writes it.</summary>
    public override string ToString() => "{" + string.Join(',', Matchers) + "}";
}
