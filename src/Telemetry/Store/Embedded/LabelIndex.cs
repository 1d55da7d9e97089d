using System.Numerics;
using System.Runtime.InteropServices;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Which series carry a label: ascending positions for each name and value. Not safe for use by several threads at once.</summary>
internal sealed class LabelIndex
{
    private readonly List<LabelSet> series = [];
    private readonly Dictionary<string, Dictionary<string, List<int>>> postings = new(StringComparer.Ordinal);

    public int Count => series.Count;

    public LabelSet this[int position] => series[position];

    /// <returns>The position of the added series.</returns>
    public int Add(LabelSet labels)
    {
        var position = series.Count;
        series.Add(labels);
        foreach (var label in labels.Labels)
        {
            ref var values = ref CollectionsMarshal.GetValueRefOrAddDefault(postings, label.Name, out _);
            values ??= new Dictionary<string, List<int>>(StringComparer.Ordinal);
            ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(values, label.Value, out _);
            (list ??= []).Add(position);
        }

        return position;
    }

    /// <summary>Positions of the matching series, ascending. A pattern is tried once a value, not once a series.</summary>
    public IReadOnlyList<int> Select(SeriesSelector selector)
    {
        List<int>? candidates = null;
        var rest = new List<LabelMatcher>();
        foreach (var matcher in selector.Matchers)
        {
            if (matcher is { Kind: MatchKind.Equal, Value.Length: > 0 })
            {
                var list = Find(matcher.Name, matcher.Value);
                if (list is null)
                {
                    return [];
                }

                candidates = candidates is null ? list : Intersect(candidates, list);
            }
            else
            {
                rest.Add(matcher);
            }
        }

        if (rest.Count == 0)
        {
            return candidates ?? [.. Enumerable.Range(0, series.Count)];
        }

        var matching = candidates is null ? new Bits(series.Count, all: true) : new Bits(series.Count, candidates);
        foreach (var matcher in rest)
        {
            matching.And(With(matcher));
        }

        return matching.Positions();
    }

    /// <summary>The series for which the matcher holds.</summary>
    private Bits With(LabelMatcher matcher)
    {
        // a series without the label has the empty value: then those are taken away that have one that does not match
        var withoutLabel = matcher.Matches("");
        var bits = new Bits(series.Count, all: withoutLabel);
        if (!postings.TryGetValue(matcher.Name, out var values))
        {
            return bits;
        }

        if (!withoutLabel && matcher is { Kind: MatchKind.Pattern, Pattern.Literals: { } literals })
        {
            foreach (var literal in literals)
            {
                bits.Set(values.GetValueOrDefault(literal), true);
            }

            return bits;
        }

        foreach (var (value, list) in values)
        {
            if (matcher.Matches(value) != withoutLabel)
            {
                bits.Set(list, !withoutLabel);
            }
        }

        return bits;
    }

    private List<int>? Find(string name, string value) =>
        postings.TryGetValue(name, out var values) ? values.GetValueOrDefault(value) : null;

    private static List<int> Intersect(List<int> left, List<int> right)
    {
        var (small, large) = left.Count < right.Count ? (left, right) : (right, left);
        var both = new List<int>(small.Count);
        var next = 0;
        foreach (var position in small)
        {
            // each search begins where the one before ended
            var found = CollectionsMarshal.AsSpan(large)[next..].BinarySearch(position);
            next += found < 0 ? ~found : found;
            if (found >= 0)
            {
                both.Add(position);
            }
        }

        return both;
    }

    /// <summary>A set of positions.</summary>
    private readonly struct Bits
    {
        private readonly ulong[] words;
        private readonly int count;

        public Bits(int count, bool all)
        {
            this.count = count;
            words = new ulong[(count + 63) / 64];
            words.AsSpan().Fill(all ? ulong.MaxValue : 0);
        }

        public Bits(int count, List<int> positions)
            : this(count, all: false) => Set(positions, true);

        public void Set(List<int>? positions, bool value)
        {
            foreach (var position in CollectionsMarshal.AsSpan(positions))
            {
                if (value)
                {
                    words[position >> 6] |= 1UL << position;
                }
                else
                {
                    words[position >> 6] &= ~(1UL << position);
                }
            }
        }

        public void And(Bits other)
        {
            for (var i = 0; i < words.Length; i++)
            {
                words[i] &= other.words[i];
            }
        }

        public List<int> Positions()
        {
            var positions = new List<int>();
            for (var i = 0; i < words.Length; i++)
            {
                for (var word = words[i]; word != 0; word &= word - 1)
                {
                    var position = (i << 6) + BitOperations.TrailingZeroCount(word);
                    if (position < count)
                    {
                        positions.Add(position);
                    }
                }
            }

            return positions;
        }
    }
}
