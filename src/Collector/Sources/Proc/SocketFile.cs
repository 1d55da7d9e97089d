namespace NetPulse.Collector.Sources.Proc;

/// <summary>Reads <c>/proc/net/sockstat</c> and <c>sockstat6</c> (net/ipv4/proc.c, net/ipv6/proc.c): a group, a colon, then names and numbers in turn.</summary>
public static class SocketFile
{
    /// <param name="group">As <c>TCP</c>.</param>
    /// <param name="name">As <c>inuse</c>.</param>
    public delegate void Visitor(ReadOnlySpan<byte> group, ReadOnlySpan<byte> name, long value);

    /// <exception cref="FormatException">The text is none of that kind.</exception>
    public static void Read(ReadOnlySpan<byte> text, Visitor visit)
    {
        foreach (var range in text.Split((byte)'\n'))
        {
            var line = text[range];
            if (line.IsEmpty)
            {
                continue;
            }

            var colon = line.IndexOf((byte)':');
            if (colon <= 0)
            {
                throw new FormatException($"A group was expected at: {ByteText.BeginningOf(line)}");
            }

            var words = new ByteWords(line[(colon + 1)..]);
            for (var name = words.Next(); !name.IsEmpty; name = words.Next())
            {
                visit(line[..colon], name, ByteText.Number(words.Next()));
            }
        }
    }
}
