using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NetPulse.Optimizer.Tests.Deployment;

/// <summary>As much of Helm's templates as our chart uses; anything else is refused, so that the chart stays as plain as this.</summary>
internal sealed partial class ChartTemplate
{
    public const string Release = "netpulse";

    private readonly string[] lines;
    private readonly JsonObject root;
    private int next;

    private ChartTemplate(string template, JsonObject root) => (lines, this.root) = (template.Split('\n'), root);

    /// <param name="there">The one object that the cluster has; none, as for <c>helm template</c>.</param>
    public static string Render(string template, JsonObject values, string @namespace, string release = Release, string there = "")
    {
        var given = new JsonObject { ["there"] = there, ["Values"] = values.DeepClone(), ["Release"] = new JsonObject { ["Namespace"] = @namespace, ["Name"] = release } };
        return Render(template, given);
    }

    private static string Render(string template, JsonObject given)
    {
        var chart = new ChartTemplate(template, given);
        var output = new List<string>();
        Assert.Equal("", chart.Block(given, output));
        return string.Join('\n', output);
    }

    /// <summary>The chart's values with others over them.</summary>
    public static JsonObject Over(JsonObject values, JsonObject others)
    {
        var result = values.DeepClone().AsObject();
        foreach (var (name, value) in others)
        {
            result[name] = value is JsonObject inner && result[name] is JsonObject before ? Over(before, inner) : value?.DeepClone();
        }

        return result;
    }

    /// <param name="dot">What a path without <c>$</c> begins at; <see langword="null"/>: the block is passed over.</param>
    /// <returns>The word that ended it; empty at the template's end.</returns>
    private string Block(JsonNode? dot, List<string> output)
    {
        while (next < lines.Length)
        {
            var line = lines[next++];
            if (Action().Match(line) is not { Success: true } action)
            {
                if (dot is not null)
                {
                    output.Add(Inline().Replace(line, found => Value(found.Groups["value"].Value, dot)));
                }
            }
            else if (action.Groups["action"].Value is "else" or "end")
            {
                return action.Groups["action"].Value;
            }
            else
            {
                Turn(action.Groups["action"].Value, dot, output);
            }
        }

        return "";
    }

    private void Turn(string action, JsonNode? dot, List<string> output)
    {
        switch (action.Split(' '))
        {
            case ["if", .. var condition]:
                var holds = dot is not null && Holds(condition, dot);
                if (Block(holds ? dot : null, output) == "else")
                {
                    Block(holds ? null : dot, output);
                }

                break;
            case ["range", var path]:
                var first = next;
                var items = dot is null ? [] : Find(path, dot)!.AsArray();
                foreach (var item in items)
                {
                    next = first;
                    Block(item, output);
                }

                if (items.Count == 0)
                {
                    Block(null, output);
                }

                break;
            default:
                throw new FormatException($"{{{{- {action} }}}}: the chart uses if, if eq, range, else and end alone");
        }
    }

    private bool Holds(string[] condition, JsonNode dot) => condition switch
    {
        [var path] => IsTrue(Find(path, dot)),
        ["lookup", _, var kind, ".Release.Namespace", var name] => $"{kind}/{name}".Replace("\"", "", StringComparison.Ordinal) == root["there"]!.ToString(),
        ["eq", var path, var text] => Find(path, dot)?.ToString() == text.Trim('"'),
        _ => throw new FormatException($"if {string.Join(' ', condition)} is more than the chart should need"),
    };

    private string Value(string expression, JsonNode dot) => expression.Split(' ') switch
    {
        ["toJson", var path] => Demanded(path, dot).ToJsonString(),
        ["default", var otherwise, var path] => Find(path, dot)?.ToString() is { Length: > 0 } given ? given : otherwise[0] == '"' ? otherwise.Trim('"') : Demanded(otherwise, dot).ToString(),
        ["trimSuffix", "\"-\"", "(printf", var format, var path] when path[^1] == ')' => format.Trim('"').Replace("%s", Demanded(path[..^1], dot).ToString(), StringComparison.Ordinal) is var text && text[^1] == '-' ? text[..^1] : text,
        ["include", "(print", "$.Template.BasePath", var file, "$", "|", "sha256sum"] => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Render(File.ReadAllText(Path.Combine(DeployFolder.Chart, "templates", file.Trim('"', '/', ')'))), root)))),
        ["fail", ..] => throw new InvalidOperationException(expression),
        [var path] => Demanded(path, dot).ToString(),
        _ => throw new FormatException($"{{{{ {expression} }}}} is more than the chart should need"),
    };

    private JsonNode Demanded(string path, JsonNode dot) => Find(path, dot) ?? throw new FormatException($"{path} has no value");

    private JsonNode? Find(string path, JsonNode dot) => path.Split('.') switch
    {
        ["", ""] => dot,
        ["$", .. var parts] => parts.Aggregate((JsonNode?)root, static (node, part) => node?[part]),
        ["", .. var parts] => parts.Aggregate((JsonNode?)dot, static (node, part) => node?[part]),
        _ => throw new FormatException($"{path} is no path"),
    };

    private static bool IsTrue(JsonNode? value) => value switch
    {
        JsonObject mapping => mapping.Count > 0,
        JsonArray list => list.Count > 0,
        JsonValue scalar => scalar.TryGetValue<bool>(out var flag) ? flag : scalar.ToString().Length > 0,
        _ => false,
    };

    [GeneratedRegex(@"^\s*\{\{- (?<action>.*?) \}\}$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Action();

    [GeneratedRegex(@"\{\{ (?<value>.*?) \}\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Inline();
}
