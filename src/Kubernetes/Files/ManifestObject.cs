using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace NetPulse.Kubernetes.Files;

/// <summary>One object as it stands in a manifest: of any kind, with fields that we do not know.</summary>
/// <param name="Root">The object; what is <c>null</c> in the file is gone.</param>
/// <param name="Path">Where it stands in its document: empty, or <c>items[3]</c> in a List.</param>
public sealed record ManifestObject(YamlDocument Document, JsonObject Root, string Path)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNameCaseInsensitive = false,
        NumberHandling = JsonNumberHandling.Strict,
        RespectNullableAnnotations = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public string ApiVersion => Text("apiVersion");

    public string Kind => Text("kind");

    public int LineOf(string field) => Document.LineOf(InDocument(field));

    /// <summary>As <see cref="YamlDocument.IsPlain"/>.</summary>
    public bool IsPlain(string field) => Document.IsPlain(InDocument(field));

    /// <summary>The object as a type of ours; other fields are left aside, but not in those types that refuse them.</summary>
    /// <exception cref="ObjectFileException">A field has another type than it should, or is not known where none may be.</exception>
    public T Read<T>()
    {
        try
        {
            return Root.Deserialize<T>(Json) ?? throw new ObjectFileException(Document.File, LineOf(""), Path, "is empty");
        }
        catch (JsonException e)
        {
            var field = ObjectFile.FieldOf(e);
            throw new ObjectFileException(Document.File, LineOf(field), field, ObjectFile.Explain(e), e);
        }
    }

    /// <summary>Every object of a file, those inside a List one by one. What cannot be read is told in <paramref name="faults"/> and the others are still read.</summary>
    public static IEnumerable<ManifestObject> ParseAll(string file, string text, ICollection<ObjectFileException> faults)
    {
        foreach (var document in YamlDocument.ParseAll(file, text, faults))
        {
            NullFields.Resolve(document.Root);
            foreach (var found in Objects(document, document.Root, "", faults))
            {
                yield return found;
            }
        }
    }

    /// <summary>One object that was read as JSON.</summary>
    public static ManifestObject OfJson(string file, JsonObject root)
    {
        NullFields.Resolve(root);
        return new ManifestObject(YamlDocument.OfJson(file, root), root, "");
    }

    private static IEnumerable<ManifestObject> Objects(YamlDocument document, JsonObject root, string path, ICollection<ObjectFileException> faults)
    {
        var found = new ManifestObject(document, root, path);
        if (root.Count == 0)
        {
            return [];
        }

        if (found.Kind.Length == 0)
        {
            faults.Add(new ObjectFileException(document.File, found.LineOf("kind"), path, "is no Kubernetes object: it has no kind"));
            return [];
        }

        return found.Kind.EndsWith("List", StringComparison.Ordinal) && (root["items"] ?? new JsonArray()) is JsonArray items
            ? items.SelectMany((item, index) => item is JsonObject child ? Objects(document, OfList(child, found), $"{(path.Length > 0 ? path + "." : "")}items[{index}]", faults) : [])
            : [found];
    }

    /// <summary>The API server leaves out, in the items of a PodList, what the list says already.</summary>
    private static JsonObject OfList(JsonObject item, ManifestObject list)
    {
        if (list.Kind.Length > "List".Length && item["kind"] is null && item["apiVersion"] is null)
        {
            (item["apiVersion"], item["kind"]) = (list.ApiVersion, list.Kind[..^"List".Length]);
        }

        return item;
    }

    private string InDocument(string field) => Path.Length == 0 ? field : $"{Path}.{field}";

    private string Text(string field) => Root[field] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
}
