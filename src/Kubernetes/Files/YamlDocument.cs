using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace NetPulse.Kubernetes.Files;

/// <summary>One YAML document as JSON, with the line on which each value stands.</summary>
/// <remarks>YAML 1.2 core schema for plain scalars; quoted ones are strings. Aliases and merge keys (<c><![CDATA[<<]]></c>) are written out, up to a limit; tags are ignored.</remarks>
public sealed class YamlDocument
{
    private const int MaximumDepth = 64;

    /// <summary>Values that aliases may add: a few lines can otherwise make gigabytes.</summary>
    private const int MaximumCopies = 100_000;

    private const string MergeKey = "<<";

    /// <summary>Of the words that older versions of YAML read as something else, <c>false</c> is the longest.</summary>
    private const int LongestPlain = 5;

    private readonly Dictionary<string, int> lines = new(StringComparer.OrdinalIgnoreCase);

    private readonly HashSet<string> plainTexts = new(StringComparer.Ordinal);

    private readonly HashSet<YamlNode> seen = new(ReferenceEqualityComparer.Instance);

    private int copies;

    // Lines of the file before this document.
    private int linesBefore;

    private YamlDocument(string file) => File = file;

    public string File { get; }

    /// <summary>An empty object for an empty file.</summary>
    public JsonObject Root { get; private set; } = [];

    /// <summary>A value that was read as JSON: its lines are not known.</summary>
    public static YamlDocument OfJson(string file, JsonObject root) => new(file) { Root = root };

    /// <summary>The line of a value by its dotted path (<c>spec.settings[0].value</c>), else that of the nearest parent; 1 at least.</summary>
    public int LineOf(string path)
    {
        var rest = path;
        while (rest.Length > 0)
        {
            if (lines.TryGetValue(rest, out var line))
            {
                return line + linesBefore;
            }

            rest = rest[..Math.Max(0, rest.LastIndexOfAny(['.', '[']))];
        }

        return 1 + linesBefore;
    }

    /// <summary>Whether a short value stands there without quotes, so that a reader of another version of YAML may take it for something else.</summary>
    public bool IsPlain(string path) => plainTexts.Contains(path);

    /// <summary>Every document of a file that may hold several; one that cannot be read is told in <paramref name="faults"/> and the others are still read.</summary>
    public static IEnumerable<YamlDocument> ParseAll(string file, string text, ICollection<ObjectFileException> faults)
    {
        foreach (var (part, before) in Documents(text))
        {
            YamlDocument document;
            try
            {
                document = Parse(file, part);
                document.linesBefore = before;
            }
            catch (ObjectFileException e)
            {
                faults.Add(new ObjectFileException(file, e.Line + before, e.Field, e.Problem, e, e.Column));
                continue;
            }

            yield return document;
        }
    }

    /// <exception cref="ObjectFileException">The text is no YAML, holds several documents, or is no mapping.</exception>
    public static YamlDocument Parse(string file, string text)
    {
        var document = new YamlDocument(file);
        var stream = Load(file, text);
        if (stream.Documents.Count > 1)
        {
            var second = stream.Documents[1].RootNode.Start;
            throw new ObjectFileException(file, (int)second.Line, "", "holds more than one document; one object a file is expected");
        }

        if (stream.Documents.Count == 1 && !IsEmpty(stream.Documents[0].RootNode))
        {
            document.Root = stream.Documents[0].RootNode is YamlMappingNode root
                ? document.Mapping(root, "", 0)
                : throw new ObjectFileException(file, 1, "", "must be a mapping (key: value)");
        }

        return document;
    }

    /// <summary>A JSON value as block YAML that <see cref="Parse"/> reads back the same.</summary>
    public static string Format(JsonNode? value)
    {
        using var text = new StringWriter();
        new YamlStream(new YamlDotNet.RepresentationModel.YamlDocument(Yaml(value))).Save(text, assignAnchors: false);
        var written = text.ToString();
        return written.EndsWith("...\n", StringComparison.Ordinal) ? written[..^4] : written;
    }

    private static YamlNode Yaml(JsonNode? value) => value switch
    {
        JsonObject mapping => new YamlMappingNode(mapping.SelectMany(pair => new[] { Text(pair.Key), Yaml(pair.Value) }))
        {
            Style = mapping.Count == 0 ? MappingStyle.Flow : MappingStyle.Block,
        },
        JsonArray list => new YamlSequenceNode(list.Select(Yaml)) { Style = list.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block },
        JsonValue scalar when scalar.GetValueKind() == System.Text.Json.JsonValueKind.String => Text(scalar.GetValue<string>()),
        JsonValue scalar => new YamlScalarNode(scalar.ToJsonString()),
        _ => new YamlScalarNode("null"),
    };

    /// <summary>Quoted where it would be read as something else than a text.</summary>
    private static YamlScalarNode Text(string text)
    {
        var plain = new YamlScalarNode(text) { Style = ScalarStyle.Plain };
        var isPlain = text.Length > 0 && text.All(c => c is >= ' ' and < (char)0x7f) && Scalar(plain)?.GetValueKind() == System.Text.Json.JsonValueKind.String;
        plain.Style = isPlain ? ScalarStyle.Any : ScalarStyle.DoubleQuoted;
        return plain;
    }

    /// <summary>Cut before each <c>---</c> that stands at the start of a line: YAML lets no value hold one.</summary>
    private static IEnumerable<(string Text, int LinesBefore)> Documents(string text)
    {
        var (start, startLine, line, at, holdsContent) = (0, 0, 0, 0, false);
        while (at < text.Length)
        {
            var newline = text.IndexOf('\n', at);
            var current = text[at..(newline < 0 ? text.Length : newline)];
            if (holdsContent && current.StartsWith("---", StringComparison.Ordinal) && (current.Length == 3 || char.IsWhiteSpace(current[3])))
            {
                yield return (text[start..at], startLine);
                (start, startLine, holdsContent) = (at, line, false);
            }

            // A comment or a directive belongs to the document after it.
            holdsContent |= !string.IsNullOrWhiteSpace(current) && current[0] is not ('#' or '%');
            at = newline < 0 ? text.Length : newline + 1;
            line++;
        }

        if (holdsContent)
        {
            yield return (text[start..], startLine);
        }
    }

    /// <summary>Refuses first what would end this process: a reader calls itself for each level, and hashes a key with everything below it.</summary>
    private static YamlStream Load(string file, string text)
    {
        var stream = new YamlStream();
        var parser = new Parser(new StringReader(text));
        var line = 1;
        try
        {
            // Of each collection that is open: whether a key comes next; null for a list.
            var open = new Stack<bool?>();
            for (var depth = 0; parser.MoveNext();)
            {
                line = (int)parser.Current!.End.Line;
                depth += parser.Current.NestingIncrease;
                if (depth > MaximumDepth)
                {
                    throw new ObjectFileException(file, line, "", $"nests deeper than {MaximumDepth} levels");
                }

                if (parser.Current is MappingEnd or SequenceEnd)
                {
                    open.Pop();
                }
                else if (parser.Current is YamlDotNet.Core.Events.Scalar or AnchorAlias or MappingStart or SequenceStart && open.TryPop(out var isKey))
                {
                    if (isKey is true && parser.Current is not YamlDotNet.Core.Events.Scalar)
                    {
                        throw new ObjectFileException(file, line, "", "a key must be a plain string");
                    }

                    open.Push(!isKey);
                }

                switch (parser.Current)
                {
                    case MappingStart:
                        open.Push(true);
                        break;
                    case SequenceStart:
                        open.Push(null);
                        break;
                    default:
                        break;
                }
            }

            stream.Load(new StringReader(text));
            return stream;
        }
        catch (YamlException e)
        {
            throw new ObjectFileException(file, (int)e.End.Line, "", $"not valid YAML: {Said(e)}", e, (int)e.End.Column);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            // YamlDotNet 16.3 lets some broken input, as a bracket that is never closed, end in these.
            throw new ObjectFileException(file, line, "", "not valid YAML: something before or on this line is not closed, or stands where it may not", e);
        }
    }

    /// <summary>The reader's words; what wraps them only repeats the place.</summary>
    private static string Said(YamlException e) => e.InnerException is YamlException inner ? inner.Message : e.Message;

    private static bool IsEmpty(YamlNode node) => node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" };

    private JsonObject Mapping(YamlMappingNode node, string path, int depth)
    {
        var result = new JsonObject();
        var merged = new List<YamlNode>();
        foreach (var (keyNode, valueNode) in node.Children)
        {
            if (keyNode is not YamlScalarNode { Value: { } key } scalar)
            {
                throw new ObjectFileException(File, (int)keyNode.Start.Line, path, "a key must be a plain string");
            }

            if (key == MergeKey && scalar.Style == ScalarStyle.Plain)
            {
                merged.AddRange(valueNode is YamlSequenceNode several ? several.Children : [valueNode]);
                continue;
            }

            var childPath = path.Length == 0 ? key : $"{path}.{key}";
            lines[childPath] = (int)keyNode.Start.Line;
            result[key] = Node(valueNode, childPath, depth + 1);
        }

        // What is stated beside a merge key wins, and of several the first one.
        foreach (var other in merged)
        {
            var mapping = Node(other, path, depth + 1) as JsonObject ?? throw new ObjectFileException(File, (int)other.Start.Line, path, "<< must name a mapping");
            foreach (var (key, value) in mapping.Where(pair => !result.ContainsKey(pair.Key)).ToList())
            {
                result[key] = value?.DeepClone();
            }
        }

        return result;
    }

    private JsonNode? Node(YamlNode node, string path, int depth)
    {
        // An alias that contains itself ends here, too.
        if (depth > MaximumDepth)
        {
            throw new ObjectFileException(File, (int)node.Start.Line, "", $"nests deeper than {MaximumDepth} levels");
        }

        if (!seen.Add(node) && ++copies > MaximumCopies)
        {
            throw new ObjectFileException(File, (int)node.Start.Line, "", $"its aliases make more than {MaximumCopies} values");
        }

        switch (node)
        {
            case YamlMappingNode mapping:
                return Mapping(mapping, path, depth);
            case YamlSequenceNode sequence:
                var array = new JsonArray();
                for (var i = 0; i < sequence.Children.Count; i++)
                {
                    var childPath = $"{path}[{i}]";
                    lines[childPath] = (int)sequence.Children[i].Start.Line;
                    array.Add(Node(sequence.Children[i], childPath, depth + 1));
                }

                return array;
            case YamlScalarNode scalar:
                if (scalar is { Style: ScalarStyle.Plain, Value.Length: > 0 and <= LongestPlain })
                {
                    plainTexts.Add(path);
                }

                return Scalar(scalar);
            default:
                throw new ObjectFileException(File, (int)node.Start.Line, path, "this kind of YAML node is not understood");
        }
    }

    private static JsonValue? Scalar(YamlScalarNode node)
    {
        var text = node.Value ?? "";
        if (node.Style != ScalarStyle.Plain)
        {
            return JsonValue.Create(text);
        }

        return text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer) => JsonValue.Create(integer),
            _ when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
            _ => JsonValue.Create(text),
        };
    }
}
