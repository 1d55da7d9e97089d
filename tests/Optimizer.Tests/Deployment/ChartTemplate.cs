using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NetPulse.Optimizer.Tests.Deployment;

/// <summary>As much of Helm's templates as our chart uses; anything else is refused, so that the chart stays as plain as this.</summary>
internal static partial class ChartTemplate
{
    public static string Render(string template, JsonObject values, string @namespace)
    {
        var output = new List<string>();
        var conditions = new Stack<bool>();
        foreach (var line in template.Split('\n'))
        {
            if (Block().Match(line) is { Success: true } block)
            {
                Turn(block.Groups["action"].Value, values, conditions);
            }
            else if (conditions.All(static holds => holds))
            {
                output.Add(Inline().Replace(line, found => Value(found.Groups["value"].Value, values, @namespace)));
            }
        }

        Assert.Empty(conditions);
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

    private static void Turn(string action, JsonObject values, Stack<bool> conditions)
    {
        switch (action.Split(' '))
        {
            case ["if", var path]:
                conditions.Push(IsTrue(Find(path, values)));
                break;
            case ["if", "eq", var path, var text]:
                conditions.Push(Find(path, values)?.ToString() == text.Trim('"'));
                break;
            case ["else"]:
                conditions.Push(!conditions.Pop());
                break;
            case ["end"]:
                conditions.Pop();
                break;
            default:
                throw new FormatException($"{{{{- {action} }}}}: the chart uses if, if eq, else and end alone");
        }
    }

    private static string Value(string expression, JsonObject values, string @namespace) => expression.Split(' ') switch
    {
        [".Release.Namespace"] => @namespace,
        ["toJson", var path] => (Find(path, values) ?? throw new FormatException($"{path} has no value")).ToJsonString(),
        [var path] => (Find(path, values) ?? throw new FormatException($"{path} has no value")).ToString(),
        _ => throw new FormatException($"{{{{ {expression} }}}} is more than the chart should need"),
    };

    private static JsonNode? Find(string path, JsonObject values) => path.Split('.') is ["", "Values", .. var parts]
        ? parts.Aggregate((JsonNode?)values, static (node, part) => node?[part])
        : throw new FormatException($"{path}: only .Values is there");

    private static bool IsTrue(JsonNode? value) => value is JsonValue scalar && (scalar.TryGetValue<bool>(out var flag) ? flag : scalar.ToString().Length > 0);

    [GeneratedRegex(@"^\s*\{\{- (?<action>.*?) \}\}$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Block();

    [GeneratedRegex(@"\{\{ (?<value>.*?) \}\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Inline();
}
