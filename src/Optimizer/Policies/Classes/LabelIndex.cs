using System.Collections.Concurrent;
using System.Text;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Bits;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>Which of some labelled things a selector matches. Each selector is worked out once.</summary>
public sealed class LabelIndex
{
    private readonly int count;
    private readonly Dictionary<string, BitSet> withKey = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Key, string Value), BitSet> withValue = [];
    private readonly ConcurrentDictionary<string, BitSet> known = new(StringComparer.Ordinal);

    public LabelIndex(IReadOnlyList<IReadOnlyDictionary<string, string>> labels)
    {
        count = labels.Count;
        for (var i = 0; i < count; i++)
        {
            foreach (var (key, value) in labels[i])
            {
                Set(withKey, key).Add(i);
                Set(withValue, (key, value)).Add(i);
            }
        }
    }

    /// <summary>Read only: it is kept.</summary>
    public BitSet Matching(LabelSelector selector) => known.GetOrAdd(TextOf(selector), static (_, arguments) => arguments.Index.Find(arguments.Selector), (Index: this, Selector: selector));

    /// <summary>The same for selectors that are written the same.</summary>
    public static string TextOf(LabelSelector selector)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in selector.MatchLabels.OrderBy(static l => l.Key, StringComparer.Ordinal))
        {
            text.Append(key).Append('\0').Append(value).Append('\n');
        }

        foreach (var requirement in selector.MatchExpressions)
        {
            text.Append(requirement.Key).Append(' ').Append(requirement.Operator).Append(' ').AppendJoin('\0', requirement.Values).Append('\n');
        }

        return text.ToString();
    }

    private BitSet Find(LabelSelector selector)
    {
        var matching = BitSet.All(count);
        foreach (var (key, value) in selector.MatchLabels)
        {
            matching.And(withValue.GetValueOrDefault((key, value)) ?? new BitSet(count));
        }

        foreach (var requirement in selector.MatchExpressions)
        {
            var hasKey = withKey.GetValueOrDefault(requirement.Key) ?? new BitSet(count);
            _ = requirement.Operator switch
            {
                LabelSelectorRequirement.In => matching.And(WithAnyOf(requirement)),
                LabelSelectorRequirement.NotIn => matching.AndNot(WithAnyOf(requirement)),
                LabelSelectorRequirement.Exists => matching.And(hasKey),
                LabelSelectorRequirement.DoesNotExist => matching.AndNot(hasKey),
                _ => matching.And(new BitSet(count)),
            };
        }

        return matching;
    }

    private BitSet WithAnyOf(LabelSelectorRequirement requirement)
    {
        var any = new BitSet(count);
        foreach (var value in requirement.Values)
        {
            if (withValue.TryGetValue((requirement.Key, value), out var with))
            {
                any.Or(with);
            }
        }

        return any;
    }

    private BitSet Set<TKey>(Dictionary<TKey, BitSet> sets, TKey key)
        where TKey : notnull
    {
        if (!sets.TryGetValue(key, out var set))
        {
            sets[key] = set = new BitSet(count);
        }

        return set;
    }
}
