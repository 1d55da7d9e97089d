namespace NetPulse.Collector.Sources.Proc;

/// <summary>One line of <c>/proc/net/dev</c>.</summary>
public readonly record struct InterfaceCounters(
    string Name,
    ulong ReceivedBytes,
    ulong ReceivedPackets,
    ulong ReceiveErrors,
    ulong ReceiveDropped,
    ulong SentBytes,
    ulong SentPackets,
    ulong SendErrors,
    ulong SendDropped);

/// <summary>Reads <c>/proc/net/dev</c> (net/core/net-procfs.c): two lines of titles, then a name and sixteen numbers a line.</summary>
public static class InterfaceFile
{
    private const int Columns = 16;

    public delegate void Visitor(in InterfaceCounters counters);

    /// <param name="visit">Told of each interface; what a later kernel writes beyond the sixteenth number is left out.</param>
    /// <exception cref="FormatException">The text is none of that kind.</exception>
    public static void Read(ReadOnlySpan<byte> text, Visitor visit)
    {
        var line = 0;
        Span<ulong> numbers = stackalloc ulong[Columns];
        foreach (var range in text.Split((byte)'\n'))
        {
            var content = text[range];
            if (line++ < 2 || content.IsEmpty)
            {
                continue;
            }

            // An alias may hold colons itself (eth0:1), its counters never do.
            var colon = content.LastIndexOf((byte)':');
            if (colon < 0)
            {
                throw new FormatException($"/proc/net/dev, line {line}: no interface");
            }

            var words = new ByteWords(content[(colon + 1)..]);
            for (var i = 0; i < Columns; i++)
            {
                var word = words.Next();
                if (word.IsEmpty)
                {
                    throw new FormatException($"/proc/net/dev, line {line}: {i} numbers instead of {Columns}");
                }

                numbers[i] = ByteText.Unsigned(word);
            }

            visit(new InterfaceCounters(
                ByteText.Of(content[..colon].Trim((byte)' ')), numbers[0], numbers[1], numbers[2], numbers[3], numbers[8], numbers[9], numbers[10], numbers[11]));
        }
    }
}
