using System.Collections.Immutable;
using System.Text;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>What pod selectors ask of labels, by key.</summary>
internal sealed record LabelInterest(ImmutableDictionary<string, KeyInterest> Keys)
{
    public static readonly LabelInterest None = new(ImmutableDictionary.Create<string, KeyInterest>(StringComparer.Ordinal));

    /// <summary>With what these selectors ask.</summary>
    /// <param name="presence">The keys of which it is asked for the first time whether they are there.</param>
    /// <param name="values">The keys of which more values are asked for than before.</param>
    public LabelInterest And(IEnumerable<LabelSelector> selectors, out HashSet<string> presence, out HashSet<string> values)
    {
        (presence, values) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var keys = Keys.ToBuilder();
        foreach (var asked in selectors.SelectMany(Asked).GroupBy(static a => a.Key, StringComparer.Ordinal))
        {
            var known = Keys.GetValueOrDefault(asked.Key, KeyInterest.None);
            var grown = new KeyInterest(known.Values.Union(asked.SelectMany(static a => a.Values)), known.IsAny || asked.Any(static a => a.IsAny));
            if (grown != known)
            {
                keys[asked.Key] = grown;
                _ = grown.IsAny != known.IsAny && presence.Add(asked.Key);
                _ = grown.Values != known.Values && values.Add(asked.Key);
            }
        }

        return presence.Count + values.Count == 0 ? this : new LabelInterest(keys.ToImmutable());
    }

    /// <returns>Null where no selector could tell whether there is the label.</returns>
    public string? Seen(string key, IReadOnlyDictionary<string, string> labels) => labels.TryGetValue(key, out var value) && Keys.TryGetValue(key, out var asked) ? asked.Seen(value) : null;

    /// <summary>The same for labels of which the same is seen.</summary>
    public string TextOf(IReadOnlyDictionary<string, string> labels)
    {
        var seen = new List<(string Key, string Value)>(labels.Count);
        foreach (var (key, value) in labels)
        {
            if (Keys.TryGetValue(key, out var asked) && asked.Seen(value) is { } known)
            {
                seen.Add((key, known));
            }
        }

        if (seen.Count == 0)
        {
            return "";
        }

        var text = new StringBuilder();
        seen.Sort(static (one, other) => string.CompareOrdinal(one.Key, other.Key));
        foreach (var (key, value) in seen)
        {
            // An absent label and an empty one are not the same.
            text.Append(key).Append('\0').Append(value).Append('\n');
        }

        return text.ToString();
    }

    private static IEnumerable<(string Key, IEnumerable<string> Values, bool IsAny)> Asked(LabelSelector selector) =>
        selector.MatchLabels.Select(static l => (l.Key, (IEnumerable<string>)[l.Value], false)).Concat(selector.MatchExpressions.Select(static e =>
            (e.Key, e.Values.AsEnumerable(), e.Operator is LabelSelectorRequirement.Exists or LabelSelectorRequirement.DoesNotExist)));
}

/// <summary>What is asked of one label: some values, by an equality, <c>In</c> or <c>NotIn</c>, and whether it is there at all. Other values are one.</summary>
internal sealed record KeyInterest(ImmutableHashSet<string> Values, bool IsAny)
{
    public static readonly KeyInterest None = new(ImmutableHashSet.Create<string>(StringComparer.Ordinal), false);

    /// <summary>No label has it.</summary>
    private const string AnyOther = "\0";

    /// <returns>Null where no selector could tell whether there is the label.</returns>
    public string? Seen(string value) => Values.Contains(value) ? value : IsAny ? AnyOther : null;
}
