using System.Collections.Frozen;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Export;

/// <summary>Which series may go to a destination: those that have, for each label named, one of its values.</summary>
internal sealed class LabelMatch(IReadOnlyDictionary<string, List<string>> allowed)
{
    private readonly (string Label, FrozenSet<string> Values)[] conditions =
        [.. allowed.Select(pair => (pair.Key, pair.Value.ToFrozenSet(StringComparer.Ordinal)))];

    public bool TakesAll => conditions.Length == 0;

    public bool Takes(LabelSet labels)
    {
        foreach (var (label, values) in conditions)
        {
            if (!values.Contains(labels[label]))
            {
                return false;
            }
        }

        return true;
    }
}
