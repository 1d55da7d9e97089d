using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace NetPulse.Kubernetes.Files;

/// <summary>One YAML document as JSON, with the line on which each value stands.</summary>
/// <remarks>YAML 1.2 core schema for plain scalars; quoted ones are strings. Anchors are followed; tags are not.</remarks>
public sealed class YamlDocument
{
    private readonly Dictionary<string, int> lines = new(StringComparer.OrdinalIgnoreCase);

    private YamlDocument(string file) => File = file;

    public string File { get; }

    /// <summary>An empty object for an empty file.</summary>
    public JsonObject Root { get; private set; } = [];

    /// <summary>The line of a value by its dotted path (<c>spec.settings[0].value</c>), else that of the nearest parent; 1 at least.</summary>
    public int LineOf(string path)
    {
        var rest = path;
        while (rest.Length > 0)
        {
            if (lines.TryGetValue(rest, out var line))
            {
                return line;
            }

            rest = rest[..Math.Max(0, rest.LastIndexOfAny(['.', '[']))];
        }

        return 1;
    }

    /// <exception cref="ObjectFileException">The text is no YAML, holds several documents, or is no mapping.</exception>
    public static YamlDocument Parse(string file, string text)
    {
        var document = new YamlDocument(file);
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new ObjectFileException(file, (int)e.Start.Line, "", $"not valid YAML: {e.Message}", e);
        }

        if (stream.Documents.Count > 1)
        {
            var second = stream.Documents[1].RootNode.Start;
            throw new ObjectFileException(file, (int)second.Line, "", "holds more than one document; one object a file is expected");
        }

        if (stream.Documents.Count == 1 && !IsEmpty(stream.Documents[0].RootNode))
        {
            document.Root = stream.Documents[0].RootNode is YamlMappingNode root
                ? document.Mapping(root, "")
                : throw new ObjectFileException(file, 1, "", "must be a mapping (key: value)");
        }

        return document;
    }

    private static bool IsEmpty(YamlNode node) => node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" };

    private JsonObject Mapping(YamlMappingNode node, string path)
    {
        var result = new JsonObject();
        foreach (var (keyNode, valueNode) in node.Children)
        {
            if (keyNode is not YamlScalarNode { Value: { } key })
            {
                throw new ObjectFileException(File, (int)keyNode.Start.Line, path, "a key must be a plain string");
            }

            var childPath = path.Length == 0 ? key : $"{path}.{key}";
            lines[childPath] = (int)keyNode.Start.Line;
            result[key] = Node(valueNode, childPath);
        }

        return result;
    }

    private JsonNode? Node(YamlNode node, string path)
    {
        switch (node)
        {
            case YamlMappingNode mapping:
                return Mapping(mapping, path);
            case YamlSequenceNode sequence:
                var array = new JsonArray();
                for (var i = 0; i < sequence.Children.Count; i++)
                {
                    var childPath = $"{path}[{i}]";
                    lines[childPath] = (int)sequence.Children[i].Start.Line;
                    array.Add(Node(sequence.Children[i], childPath));
                }

                return array;
            case YamlScalarNode scalar:
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
