using System.Collections.Immutable;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>One directive of a server block, or of another directive.</summary>
/// <param name="Line">From 1.</param>
public sealed record CorefileDirective(string Name, ImmutableArray<string> Arguments, ImmutableArray<CorefileDirective> Inner, int Line);

/// <summary>The zones of one server block and what answers for them.</summary>
/// <param name="Zones">With port and scheme, as <c>.:53</c>.</param>
public sealed record CorefileBlock(ImmutableArray<string> Zones, ImmutableArray<CorefileDirective> Directives, int Line)
{
    public IEnumerable<CorefileDirective> Named(string name) => Directives.Where(d => d.Name == name);

    public bool Has(string name) => Directives.Any(d => d.Name == name);
}

/// <summary>CoreDNS's configuration, as its manual defines it: server blocks of directives, <c>#</c> comments, <c>(snippets)</c> and <c>import</c>.</summary>
public sealed record Corefile(ImmutableArray<CorefileBlock> Blocks)
{
    /// <exception cref="FormatException">A brace does not fit; the message has the line.</exception>
    public static Corefile Parse(string text)
    {
        var lines = new Queue<(List<string> Words, int Line)>();
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var words = Words(line, number);
            if (words.Count > 0)
            {
                lines.Enqueue((words, number));
            }
        }

        var blocks = ImmutableArray.CreateBuilder<CorefileBlock>();
        var snippets = new Dictionary<string, ImmutableArray<CorefileDirective>>(StringComparer.Ordinal);
        while (lines.TryDequeue(out var head))
        {
            var zones = head.Words;
            while (zones[^1].EndsWith(',') && lines.TryPeek(out var more))
            {
                lines.Dequeue();
                zones = [.. zones, .. more.Words];
            }

            if (zones[^1] != "{")
            {
                throw new FormatException($"line {head.Line}: a server block needs a brace: {string.Join(' ', zones)}");
            }

            zones.RemoveAt(zones.Count - 1);
            var directives = Directives(lines, head.Line, snippets);
            if (zones is [['(', .., ')'] name])
            {
                snippets[name[1..^1]] = directives;
            }
            else
            {
                blocks.Add(new CorefileBlock([.. zones.SelectMany(static z => z.Split(',', StringSplitOptions.RemoveEmptyEntries))], directives, head.Line));
            }
        }

        return new Corefile(blocks.DrainToImmutable());
    }

    private static ImmutableArray<CorefileDirective> Directives(Queue<(List<string> Words, int Line)> lines, int opened, Dictionary<string, ImmutableArray<CorefileDirective>> snippets)
    {
        var directives = ImmutableArray.CreateBuilder<CorefileDirective>();
        while (lines.TryDequeue(out var line))
        {
            switch (line.Words)
            {
                case ["}"]:
                    return directives.DrainToImmutable();
                case ["import", var name] when snippets.TryGetValue(name, out var imported):
                    directives.AddRange(imported);
                    break;
                case [var name, .. var arguments, "{"]:
                    directives.Add(new CorefileDirective(name, [.. arguments], Directives(lines, line.Line, snippets), line.Line));
                    break;
                case [.., "}"] or ["{", ..]:
                    throw new FormatException($"line {line.Line}: a brace stands where none may: {string.Join(' ', line.Words)}");
                case [var name, .. var arguments]:
                    directives.Add(new CorefileDirective(name, [.. arguments], [], line.Line));
                    break;
                default:
                    break;
            }
        }

        throw new FormatException($"line {opened}: the brace is never closed");
    }

    /// <exception cref="FormatException">A quote is never closed.</exception>
    private static List<string> Words(string line, int number)
    {
        var words = new List<string>();
        for (var at = 0; at < line.Length;)
        {
            if (char.IsWhiteSpace(line[at]))
            {
                at++;
            }
            else if (line[at] == '#')
            {
                break;
            }
            else if (line[at] == '"')
            {
                var end = line.IndexOf('"', at + 1);
                if (end < 0)
                {
                    throw new FormatException($"line {number}: the quote is never closed");
                }

                words.Add(line[(at + 1)..end]);
                at = end + 1;
            }
            else
            {
                var end = at;
                while (end < line.Length && !char.IsWhiteSpace(line[end]))
                {
                    end++;
                }

                words.Add(line[at..end]);
                at = end;
            }
        }

        return words;
    }
}
