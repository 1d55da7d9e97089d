namespace NetPulse.Collector.Sources.Proc;

/// <summary>One CPU's line of <c>/proc/net/softnet_stat</c>.</summary>
/// <param name="ReceivedRps">0 before Linux 2.6.35; so for the flow limit.</param>
/// <param name="BacklogPackets"><see langword="null"/> before Linux 5.10.</param>
public readonly record struct SoftnetCounters(uint Cpu, uint Processed, uint Dropped, uint TimeSqueeze, uint ReceivedRps, uint FlowLimit, uint? BacklogPackets);

/// <summary>Reads <c>/proc/net/softnet_stat</c> (net/core/net-procfs.c): hexadecimal numbers, a line for each CPU that is online.</summary>
public static class SoftnetFile
{
    private const int FewestColumns = 3;
    private const int MostColumns = 16;
    private const int ReceivedRps = 9;
    private const int FlowLimit = 10;
    private const int Backlog = 11;
    private const int Cpu = 12;

    /// <exception cref="FormatException">The text is none of that kind.</exception>
    public static IReadOnlyList<SoftnetCounters> Read(ReadOnlySpan<byte> text)
    {
        var found = new List<SoftnetCounters>();
        Span<uint> numbers = stackalloc uint[MostColumns];
        foreach (var range in text.Split((byte)'\n'))
        {
            var words = new ByteWords(text[range]);
            var columns = 0;
            numbers.Clear();
            for (var word = words.Next(); !word.IsEmpty && columns < MostColumns; word = words.Next())
            {
                numbers[columns++] = ByteText.Hexadecimal(word);
            }

            if (columns == 0)
            {
                continue;
            }

            if (columns < FewestColumns)
            {
                throw new FormatException($"/proc/net/softnet_stat: {columns} numbers instead of {FewestColumns} at least");
            }

            // Without its number the line's place has to do, which is wrong only while a CPU is offline.
            found.Add(new SoftnetCounters(
                columns > Cpu ? numbers[Cpu] : (uint)found.Count,
                numbers[0],
                numbers[1],
                numbers[2],
                numbers[ReceivedRps],
                numbers[FlowLimit],
                columns > Backlog ? numbers[Backlog] : null));
        }

        return found;
    }
}
