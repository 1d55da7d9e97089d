namespace NetPulse.Collector.Sources;

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

    /// <exception cref="FormatException">The text is none of that kind.</exception>
    public static IReadOnlyList<InterfaceCounters> Parse(ReadOnlySpan<char> text)
    {
        var interfaces = new List<InterfaceCounters>();
        var line = 0;
        Span<ulong> numbers = stackalloc ulong[Columns];
        foreach (var range in text.Split('\n'))
        {
            var content = text[range];
            if (line++ < 2 || content.IsWhiteSpace())
            {
                continue;
            }

            // An alias may hold colons itself (eth0:1), its counters never do.
            var colon = content.LastIndexOf(':');
            if (colon < 0)
            {
                throw new FormatException($"/proc/net/dev, line {line}: no interface");
            }

            var count = 0;
            var rest = content[(colon + 1)..];
            foreach (var word in rest.SplitAny(' ', '\t'))
            {
                if (rest[word].IsEmpty)
                {
                    continue;
                }

                if (count == Columns)
                {
                    break;
                }

                if (!ulong.TryParse(rest[word], out numbers[count++]))
                {
                    throw new FormatException($"/proc/net/dev, line {line}: {rest[word]} is no number");
                }
            }

            if (count < Columns)
            {
                throw new FormatException($"/proc/net/dev, line {line}: {count} numbers instead of {Columns}");
            }

            interfaces.Add(new InterfaceCounters(
                content[..colon].Trim().ToString(), numbers[0], numbers[1], numbers[2], numbers[3], numbers[8], numbers[9], numbers[10], numbers[11]));
        }

        return interfaces;
    }
}
