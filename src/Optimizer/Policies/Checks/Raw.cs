using System.Globalization;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>Fields of objects that have no type of ours. What has another shape than it should is as if it were not there.</summary>
internal static class Raw
{
    private static readonly System.Text.Json.JsonSerializerOptions Json = new(System.Text.Json.JsonSerializerDefaults.Web);

    /// <param name="path">As <c>spec.tls.mode</c>; no lists.</param>
    public static JsonNode? At(JsonNode? node, string path)
    {
        foreach (var field in path.Split('.'))
        {
            node = (node as JsonObject)?[field];
        }

        return node;
    }

    public static JsonNode? At(this ManifestObject found, string path) => At(found.Root, path);

    /// <summary>Empty when it is not there.</summary>
    public static string Text(JsonNode? node, string path) => At(node, path) is JsonValue value ? value.ToString() : "";

    public static string Text(this ManifestObject found, string path) => Text(found.Root, path);

    public static bool IsTrue(JsonNode? node, string path) => string.Equals(Text(node, path), "true", StringComparison.OrdinalIgnoreCase);

    public static int? Number(JsonNode? node, string path) => int.TryParse(Text(node, path), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    public static int? Number(this ManifestObject found, string path) => Number(found.Root, path);

    /// <summary>The objects of a list, with their paths.</summary>
    public static IEnumerable<(JsonObject Value, string Path)> Items(JsonNode? node, string path) =>
        (At(node, path) as JsonArray ?? []).Select((item, i) => (Value: (item as JsonObject)!, Path: $"{path}[{i}]")).Where(static item => item.Value is not null);

    public static IEnumerable<(JsonObject Value, string Path)> Items(this ManifestObject found, string path) => Items(found.Root, path);

    /// <summary>The plain values of a list.</summary>
    public static List<string> Texts(JsonNode? node, string path) => [.. (At(node, path) as JsonArray ?? []).OfType<JsonValue>().Select(static v => v.ToString())];

    public static string Name(this ManifestObject found) => found.Text("metadata.name");

    /// <summary><c>default</c> when it states none.</summary>
    public static string Namespace(this ManifestObject found) => found.Text("metadata.namespace") is { Length: > 0 } stated ? stated : "default";

    /// <summary>Empty for the core group.</summary>
    public static string Group(this ManifestObject found) => found.ApiVersion.Contains('/', StringComparison.Ordinal) ? found.ApiVersion[..found.ApiVersion.IndexOf('/', StringComparison.Ordinal)] : "";

    /// <summary>A selector of the API's usual form; everything when it is not there.</summary>
    public static LabelSelector Selector(JsonNode? node)
    {
        try
        {
            return node is JsonObject ? System.Text.Json.JsonSerializer.Deserialize<LabelSelector>(node, Json) ?? LabelSelector.Everything : LabelSelector.Everything;
        }
        catch (System.Text.Json.JsonException)
        {
            return LabelSelector.Everything;
        }
    }

    /// <summary>Every value below, with its path; a list's items have no index of their own.</summary>
    public static IEnumerable<(string Key, JsonNode? Value)> Below(JsonNode? node) => node switch
    {
        JsonObject mapping => mapping.SelectMany(static f => Below(f.Value).Prepend((f.Key, f.Value))),
        JsonArray list => list.SelectMany(Below),
        _ => [],
    };
}
