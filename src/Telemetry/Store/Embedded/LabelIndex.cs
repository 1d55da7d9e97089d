using System.Runtime.InteropServices;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Which series carry a label: ascending positions for each name and value. Not safe for use by several threads at once.</summary>
internal sealed class LabelIndex
{
    private readonly List<LabelSet> series = [];
    private readonly Dictionary<Label, List<int>> postings = [];

    public int Count => series.Count;

    public LabelSet this[int position] => series[position];

    /// <returns>The position of the added series.</returns>
    public int Add(LabelSet labels)
    {
        var position = series.Count;
        series.Add(labels);
        foreach (var label in labels.Labels)
        {
            ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(postings, label, out _);
            (list ??= []).Add(position);
        }

        return position;
    }

    /// <summary>Positions of the matching series, ascending.</summary>
    public IReadOnlyList<int> Select(SeriesSelector selector)
    {
        var wanted = new List<List<int>>();
        foreach (var matcher in selector.Matchers)
        {
            // only "has this value" has a list; "has not" and "is absent" are tested on what the lists leave
            if (matcher is { Kind: MatchKind.Equal, Value.Length: > 0 })
            {
                if (!postings.TryGetValue(new Label(matcher.Name, matcher.Value), out var list))
                {
                    return [];
                }

                wanted.Add(list);
            }
        }

        wanted.Sort((left, right) => left.Count.CompareTo(right.Count));
        var candidates = wanted.Count == 0 ? Enumerable.Range(0, series.Count) : wanted[0];
        return [.. candidates.Where(position => wanted.Skip(1).All(list => list.BinarySearch(position) >= 0) && selector.Matches(series[position]))];
    }
}
