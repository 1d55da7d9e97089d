using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NetPulse.ApiServer;

/// <summary>Label and field selectors as they stand in a request.</summary>
internal sealed partial class Selectors
{
    private static readonly string[] PodFields = ["spec.nodeName", "status.phase", "status.podIP", "spec.hostNetwork", "spec.restartPolicy", "spec.serviceAccountName", "status.nominatedNodeName", "spec.schedulerName"];
    private static readonly string[] EventFields = ["regarding.name", "regarding.kind", "regarding.namespace", "reason", "type", "reportingController"];

    private readonly List<Func<JsonObject, bool>> conditions = [];

    /// <exception cref="RefusalException">A field that the kind cannot be selected by.</exception>
    public Selectors(string labels, string fields, ServedResource resource)
    {
        foreach (var requirement in Requirement().Matches(labels).Select(static m => m.Value.Trim()).Where(static r => r.Length > 0))
        {
            conditions.Add(Label(requirement));
        }

        foreach (var field in fields.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var isNot = field.Contains("!=", StringComparison.Ordinal);
            var parts = field.Split(isNot ? "!=" : field.Contains("==", StringComparison.Ordinal) ? "==" : "=", 2);
            var (name, value) = (parts[0], parts.ElementAtOrDefault(1) ?? "");
            if (name is not ("metadata.name" or "metadata.namespace") && !(resource.Plural == "pods" && PodFields.Contains(name)) && !(resource.Plural == "events" && EventFields.Contains(name)))
            {
                throw RefusalException.BadRequest($"field label not supported: {name}");
            }

            conditions.Add(o => (Field(o, name) == value) != isNot);
        }
    }

    /// <summary>Without any, the server counts what remains of a list.</summary>
    public bool AreEmpty => conditions.Count == 0;

    public bool Select(JsonObject value) => conditions.TrueForAll(c => c(value));

    private static string Field(JsonObject value, string path)
    {
        JsonNode? at = value;
        foreach (var part in path.Split('.'))
        {
            at = (at as JsonObject)?[part];
        }

        return at?.ToString() ?? "";
    }

    private static Func<JsonObject, bool> Label(string requirement)
    {
        if (InOrNot().Match(requirement) is { Success: true } set)
        {
            var values = set.Groups["values"].Value.Split(',', StringSplitOptions.TrimEntries);
            return set.Groups["op"].Value == "in"
                ? o => Value(o, set.Groups["key"].Value) is { } v && values.Contains(v)
                : o => Value(o, set.Groups["key"].Value) is not { } v || !values.Contains(v);
        }

        if (requirement[0] == '!')
        {
            return o => Value(o, requirement[1..]) is null;
        }

        if (requirement.Split("!=") is [var key, var not])
        {
            return o => Value(o, key.Trim()) != not.Trim();
        }

        return requirement.Split('=', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is [var name, var wanted]
            ? o => Value(o, name) == wanted
            : o => Value(o, requirement.TrimEnd('=')) is { } v && (!requirement.Contains('=', StringComparison.Ordinal) || v.Length == 0);
    }

    private static string? Value(JsonObject value, string key) => (value["metadata"]?["labels"] as JsonObject)?[key]?.GetValue<string>();

    /// <summary>Up to a comma that stands outside parentheses.</summary>
    [GeneratedRegex(@"(?:[^,(]|\([^)]*\))+")]
    private static partial Regex Requirement();

    [GeneratedRegex(@"^(?<key>\S+)\s+(?<op>in|notin)\s+\((?<values>[^)]*)\)$")]
    private static partial Regex InOrNot();
}
