using System.Collections.Frozen;

namespace NetPulse.Collector.Sources.Proc;

/// <summary>Reads chosen numbers of <c>/proc/net/snmp</c> and <c>/proc/net/netstat</c> (net/ipv4/proc.c): a line of names, then a line of numbers, both led by their group.</summary>
/// <remarks>
/// The lines of names are the same in every namespace and at every tick: where each wanted number stands is found once a line.
/// Used by one thread at a time.
/// </remarks>
public sealed class CounterTable
{
    /// <summary>More lines of names than any kernel has: what changes from file to file is not kept.</summary>
    private const int MostLayouts = 64;

    private readonly FrozenDictionary<string, int> wanted;
    private readonly List<Layout> layouts = [];

    /// <param name="wanted">Each as <c>TcpExt ListenDrops</c>; its index is where the number goes.</param>
    public CounterTable(IEnumerable<string> wanted) =>
        this.wanted = wanted.Select(static (name, index) => KeyValuePair.Create(name, index)).ToFrozenDictionary(StringComparer.Ordinal);

    /// <param name="found">One place for each wanted number; the place of what is not there is left alone. Some numbers are settings and may be negative.</param>
    /// <exception cref="FormatException">The text is none of that kind.</exception>
    public void Read(ReadOnlySpan<byte> text, Span<double> found)
    {
        while (!text.IsEmpty)
        {
            var names = NextLine(ref text);
            if (names.IsEmpty)
            {
                continue;
            }

            var numbers = NextLine(ref text);
            var colon = names.IndexOf((byte)':');
            if (colon <= 0 || !numbers.StartsWith(names[..(colon + 1)]))
            {
                throw new FormatException($"Two lines of one group were expected at: {ByteText.BeginningOf(names)}");
            }

            var words = new ByteWords(numbers[(colon + 1)..]);
            foreach (var place in PlacesOf(names, colon))
            {
                var word = words.Next();
                if (word.IsEmpty)
                {
                    throw new FormatException($"{ByteText.BeginningOf(names[..colon])} has fewer numbers than names");
                }

                if (place >= 0)
                {
                    found[place] = ByteText.Number(word);
                }
            }
        }
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)'\n');
        var line = end < 0 ? text : text[..end];
        text = end < 0 ? [] : text[(end + 1)..];
        return line;
    }

    /// <returns>For each name its index among the wanted, or -1.</returns>
    private int[] PlacesOf(ReadOnlySpan<byte> names, int colon)
    {
        foreach (var known in layouts)
        {
            if (names.SequenceEqual(known.Names))
            {
                return known.Places;
            }
        }

        var group = ByteText.Of(names[..colon]);
        var places = new List<int>();
        var words = new ByteWords(names[(colon + 1)..]);
        for (var name = words.Next(); !name.IsEmpty; name = words.Next())
        {
            places.Add(wanted.GetValueOrDefault($"{group} {ByteText.Of(name)}", -1));
        }

        var layout = new Layout(names.ToArray(), [.. places]);
        if (layouts.Count < MostLayouts)
        {
            layouts.Add(layout);
        }

        return layout.Places;
    }

    private sealed record Layout(byte[] Names, int[] Places);
}
