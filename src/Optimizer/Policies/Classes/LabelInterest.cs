using System.Collections.Immutable;
using System.Text;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>What pod selectors ask of labels: values, and by some whether there is a label at all. Values that nobody asks for are one.</summary>
/// <param name="Values">Asked for by an equality, <c>In</c> or <c>NotIn</c>.</param>
/// <param name="Keys">Asked for by <c>Exists</c> or <c>DoesNotExist</c>.</param>
internal sealed record LabelInterest(ImmutableHashSet<(string Key, string Value)> Values, ImmutableHashSet<string> Keys)
{
    public static readonly LabelInterest None = new([], ImmutableHashSet.Create<string>(StringComparer.Ordinal));

    /// <summary>No label has it.</summary>
    private const string AnyOther = "\0";

    public bool IsNone => Values.Count == 0 && Keys.Count == 0;

    public static LabelInterest Of(IEnumerable<LabelSelector> selectors)
    {
        var (values, keys) = (None.Values.ToBuilder(), None.Keys.ToBuilder());
        foreach (var selector in selectors)
        {
            values.UnionWith(selector.MatchLabels.Select(static l => (l.Key, l.Value)));
            foreach (var requirement in selector.MatchExpressions)
            {
                values.UnionWith(requirement.Values.Select(value => (requirement.Key, value)));
                if (requirement.Operator is LabelSelectorRequirement.Exists or LabelSelectorRequirement.DoesNotExist)
                {
                    keys.Add(requirement.Key);
                }
            }
        }

        return new LabelInterest(values.ToImmutable(), keys.ToImmutable());
    }

    public LabelInterest And(LabelInterest other) => new(Values.Union(other.Values), Keys.Union(other.Keys));

    public LabelInterest Except(LabelInterest known) => new(
        [.. Values.Where(v => !known.Values.Contains(v))],
        ImmutableHashSet.CreateRange(StringComparer.Ordinal, Keys.Where(k => !known.Keys.Contains(k))));

    /// <summary>Labels that every selector answers alike.</summary>
    public Dictionary<string, string> Seen(IReadOnlyDictionary<string, string> labels) => SeenOf(labels).ToDictionary(static l => l.Key, static l => l.Value, StringComparer.Ordinal);

    /// <summary>The same for labels of which the same is seen.</summary>
    public string TextOf(IReadOnlyDictionary<string, string> labels)
    {
        var seen = SeenOf(labels);
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

    /// <summary>Answers for many pods whether anything is seen of their labels: fast where few keys are asked for.</summary>
    public Func<IReadOnlyDictionary<string, string>, bool> Sight()
    {
        var values = Values.ToLookup(static v => v.Key, static v => v.Value);
        var asked = values.Select(static v => v.Key).Union(Keys).Select(key => (Key: key, Values: Keys.Contains(key) ? null : values[key].ToHashSet(StringComparer.Ordinal))).ToList();
        return labels =>
        {
            foreach (var (key, wanted) in asked)
            {
                if (labels.TryGetValue(key, out var value) && wanted?.Contains(value) != false)
                {
                    return true;
                }
            }

            return false;
        };
    }

    private List<(string Key, string Value)> SeenOf(IReadOnlyDictionary<string, string> labels)
    {
        var seen = new List<(string Key, string Value)>(labels.Count);
        foreach (var (key, value) in labels)
        {
            if (Values.Contains((key, value)))
            {
                seen.Add((key, value));
            }
            else if (Keys.Contains(key))
            {
                seen.Add((key, AnyOther));
            }
        }

        return seen;
    }
}
