namespace NetPulse.Collector.Sources.Proc;

/// <summary>Reads the files of <c>/proc/net/stat</c> (net/core/neighbour.c, net/netfilter/nf_conntrack_standalone.c): a line of names, then hexadecimal numbers, a line a CPU.</summary>
public static class StatisticsFile
{
    /// <summary>The table's size, which each CPU's line repeats.</summary>
    private const string Entries = "entries";

    /// <returns>Each name's sum over the CPUs; of <c>entries</c> the first.</returns>
    /// <exception cref="FormatException">The text is none of that kind.</exception>
    public static IReadOnlyDictionary<string, ulong> Read(ReadOnlySpan<byte> text)
    {
        var names = new List<string>();
        var sums = new List<ulong>();
        var rows = 0;
        foreach (var range in text.Split((byte)'\n'))
        {
            var words = new ByteWords(text[range]);
            if (names.Count == 0)
            {
                for (var name = words.Next(); !name.IsEmpty; name = words.Next())
                {
                    names.Add(ByteText.Of(name));
                    sums.Add(0);
                }

                continue;
            }

            var column = 0;
            for (var word = words.Next(); !word.IsEmpty && column < names.Count; word = words.Next(), column++)
            {
                var number = ByteText.Hexadecimal(word);
                sums[column] = names[column] == Entries && rows > 0 ? sums[column] : sums[column] + number;
            }

            rows += column > 0 ? 1 : 0;
        }

        var found = new Dictionary<string, ulong>(StringComparer.Ordinal);
        for (var i = 0; i < names.Count; i++)
        {
            found[names[i]] = sums[i];
        }

        return found;
    }
}
