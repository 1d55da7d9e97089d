using System.Text.Json.Nodes;

namespace NetPulse.Kubernetes.Client;

/// <summary>A change of a stored object. (Strategic merge is not offered: custom resources answer it with 415.)</summary>
public abstract record ObjectPatch
{
    private ObjectPatch()
    {
    }

    internal abstract string ContentType { get; }

    internal abstract JsonNode Body { get; }

    /// <summary>RFC 6902; all of it or nothing.</summary>
    public sealed record Json(params IReadOnlyList<JsonPatchOperation> Operations) : ObjectPatch
    {
        internal override string ContentType => "application/json-patch+json";

        internal override JsonNode Body => new JsonArray([.. Operations.Select(static o => o.ToJson())]);
    }

    /// <summary>RFC 7386: null removes a field, a list is replaced whole. With <c>metadata.resourceVersion</c> it is a conflict when the object has changed.</summary>
    public sealed record Merge(JsonObject Fields) : ObjectPatch
    {
        internal override string ContentType => "application/merge-patch+json";

        internal override JsonNode Body => Fields;
    }
}

/// <summary>One step of a JSON patch.</summary>
/// <param name="Op"><c>add</c>, <c>remove</c>, <c>replace</c>, <c>test</c>, <c>move</c> or <c>copy</c>.</param>
/// <param name="Path">RFC 6901, as <c>/metadata/annotations/a~1b</c>; <see cref="PathOf"/> escapes.</param>
/// <param name="Value">For add, replace and test.</param>
/// <param name="From">For move and copy.</param>
public sealed record JsonPatchOperation(string Op, string Path, JsonNode? Value = null, string From = "")
{
    public static JsonPatchOperation Add(string path, JsonNode? value) => new("add", path, value);

    public static JsonPatchOperation Remove(string path) => new("remove", path);

    public static JsonPatchOperation Replace(string path, JsonNode? value) => new("replace", path, value);

    /// <summary>The whole patch is refused (<see cref="ApiFault.PatchRejected"/>) when the value is another.</summary>
    public static JsonPatchOperation Test(string path, JsonNode? value) => new("test", path, value);

    public static string PathOf(params IEnumerable<string> parts) =>
        string.Concat(parts.Select(static part => "/" + part.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal)));

    internal JsonObject ToJson()
    {
        var step = new JsonObject { ["op"] = Op, ["path"] = Path };
        if (Op is "add" or "replace" or "test")
        {
            step["value"] = Value?.DeepClone();
        }

        if (From.Length > 0)
        {
            step["from"] = From;
        }

        return step;
    }
}
