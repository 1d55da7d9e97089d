using System.Text;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Policies.Classes;

/// <summary>What a label selector matches.</summary>
internal static class SelectorMatch
{
    public static bool Matches(LabelSelector selector, IReadOnlyDictionary<string, string> labels)
    {
        foreach (var (key, value) in selector.MatchLabels)
        {
            if (!labels.TryGetValue(key, out var own) || own != value)
            {
                return false;
            }
        }

        foreach (var requirement in selector.MatchExpressions)
        {
            if (!Matches(requirement, labels))
            {
                return false;
            }
        }

        return true;
    }

    public static bool IsEmpty(LabelSelector selector) => selector.MatchLabels.Count == 0 && selector.MatchExpressions.Count == 0;

    /// <summary>The keys on which the answer depends.</summary>
    public static IEnumerable<string> Keys(LabelSelector selector) => selector.MatchLabels.Keys.Concat(selector.MatchExpressions.Select(static e => e.Key));

    /// <summary>The same for selectors that are written the same.</summary>
    public static string TextOf(LabelSelector selector)
    {
        if (IsEmpty(selector))
        {
            return "";
        }

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

    private static bool Matches(LabelSelectorRequirement requirement, IReadOnlyDictionary<string, string> labels)
    {
        var hasKey = labels.TryGetValue(requirement.Key, out var value);
        return requirement.Operator switch
        {
            LabelSelectorRequirement.In => hasKey && requirement.Values.Contains(value),
            LabelSelectorRequirement.NotIn => !hasKey || !requirement.Values.Contains(value),
            LabelSelectorRequirement.Exists => hasKey,
            LabelSelectorRequirement.DoesNotExist => !hasKey,
            _ => false,
        };
    }
}
