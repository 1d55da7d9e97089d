namespace NetPulse.Collector.Sources;

/// <summary>Reads <c>/proc/net/snmp</c> and <c>/proc/net/netstat</c> (net/ipv4/proc.c): a line of names, then a line of numbers, both led by their group.</summary>
public static class CounterFile
{
    /// <param name="group">As <c>TcpExt</c>.</param>
    /// <param name="field">As <c>ListenDrops</c>.</param>
    /// <param name="value">Some are settings, not counters, and may be negative.</param>
    public delegate void Visitor(ReadOnlySpan<char> group, ReadOnlySpan<char> field, long value);

    /// <exception cref="FormatException">The text is none of that kind.</exception>
    public static void Parse(ReadOnlySpan<char> text, Visitor visit)
    {
        var lines = text.EnumerateLines();
        while (lines.MoveNext())
        {
            var names = lines.Current;
            if (names.IsWhiteSpace())
            {
                continue;
            }

            var colon = names.IndexOf(':');
            if (colon <= 0 || !lines.MoveNext() || !lines.Current.StartsWith(names[..(colon + 1)], StringComparison.Ordinal))
            {
                throw new FormatException($"Two lines of one group were expected at: {names[..Math.Min(names.Length, 40)]}");
            }

            var group = names[..colon];
            var fields = names[(colon + 1)..];
            var values = lines.Current[(colon + 1)..];
            var value = values.Split(' ');
            foreach (var field in fields.Split(' '))
            {
                if (fields[field].IsEmpty)
                {
                    continue;
                }

                do
                {
                    if (!value.MoveNext())
                    {
                        throw new FormatException($"{group} has fewer numbers than names");
                    }
                }
                while (values[value.Current].IsEmpty);
                if (!long.TryParse(values[value.Current], out var number))
                {
                    throw new FormatException($"{group} {fields[field]}: {values[value.Current]} is no number");
                }

                visit(group, fields[field], number);
            }
        }
    }
}
