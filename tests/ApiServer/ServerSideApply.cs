using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NetPulse.ApiServer;

/// <summary>Who owns which field of an object, at the level that recordings of a real server show.</summary>
/// <remarks>A field's address is a list of fieldsV1 steps: <c>f:name</c>, <c>k:{"type":"Ready"}</c>, <c>v:"x"</c>.</remarks>
internal static class ServerSideApply
{
    private static readonly string[] ServersOwn = ["name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "managedFields", "generateName", "selfLink"];

    /// <summary>Merges an apply into the stored object, which is changed in place, and keeps the book.</summary>
    /// <exception cref="RefusalException">Others own a field that would become another (409).</exception>
    public static void Apply(JsonObject stored, JsonObject applied, ServedResource resource, Writer writer)
    {
        var wanted = Leaves(applied, resource, writer.Subresource);
        var book = Book(stored);
        var conflicts = (from entry in book
                         where !entry.IsBy(writer)
                         from path in entry.Paths.Where(p => wanted.Contains(p) && p[^1] != ".")
                         where !JsonNode.DeepEquals(Get(stored, path), Get(applied, path))
                         select (entry, path)).ToList();
        if (conflicts.Count > 0 && !writer.Force)
        {
            throw Conflict(conflicts);
        }

        foreach (var (entry, path) in conflicts)
        {
            entry.Paths.Remove(path);
        }

        var mine = book.Find(entry => entry.IsBy(writer));
        foreach (var gone in (mine?.Paths ?? []).Where(p => !wanted.Contains(p) && !book.Exists(e => e != mine && e.Paths.Contains(p))).OrderByDescending(static p => p.Length).ToList())
        {
            Remove(stored, gone);
        }

        foreach (var path in wanted)
        {
            Set(stored, path, Get(applied, path));
        }

        book.Remove(mine!);
        book.Insert(0, new Entry(writer, resource.ApiVersion, wanted));
        Keep(stored, book);
    }

    /// <summary>After any other write: what became another belongs to the writer.</summary>
    public static void Update(JsonObject? before, JsonObject after, ServedResource resource, Writer writer)
    {
        var (old, now) = (before is null ? new PathSet() : Leaves(before, resource, writer.Subresource), Leaves(after, resource, writer.Subresource));
        var changed = now.Where(p => !old.Contains(p) || !JsonNode.DeepEquals(Get(before!, p), Get(after, p))).ToList();
        var book = Book(after);
        foreach (var entry in book.Where(e => !e.IsBy(writer) && e.Writer.Subresource == writer.Subresource))
        {
            entry.Paths.RemoveWhere(p => changed.Contains(p, PathSet.Comparer) || !now.Contains(p));
        }

        var mine = book.Find(entry => entry.IsBy(writer));
        if (changed.Count == 0 && mine is null)
        {
            Keep(after, book);
            return;
        }

        var paths = new PathSet(mine?.Paths.Where(now.Contains) ?? []);
        paths.UnionWith(changed);
        if (mine is not null && paths.SetEquals(mine.Paths))
        {
            Keep(after, book);
            return;
        }

        book.Remove(mine!);
        book.Add(new Entry(writer, resource.ApiVersion, paths));
        Keep(after, book);
    }

    /// <summary>The keys of an item of a list that has keys, as fieldsV1 writes them: in alphabetical order.</summary>
    public static string KeyOf(JsonNode item, Schema list)
    {
        var keys = new JsonObject();
        foreach (var key in list.ListKeys.Order(StringComparer.Ordinal))
        {
            // Service ports without a protocol are TCP's.
            keys[key] = item[key]?.DeepClone() ?? (key == "protocol" ? "TCP" : null);
        }

        return keys.ToJsonString(Json.Plain);
    }

    private static PathSet Leaves(JsonObject value, ServedResource resource, string subresource)
    {
        var found = new PathSet();
        foreach (var (name, child) in value.Where(static p => p.Key is not ("apiVersion" or "kind")))
        {
            if (name == "metadata")
            {
                var metadata = new JsonObject(child!.AsObject().Where(p => !ServersOwn.Contains(p.Key, StringComparer.Ordinal)).Select(static p => KeyValuePair.Create(p.Key, p.Value?.DeepClone())));
                if (subresource.Length == 0 && metadata.Count > 0)
                {
                    Collect(metadata, MetadataSchema, ["f:metadata"], found);
                }
            }
            else if (!resource.HasStatus || (name == "status") == (subresource == "status"))
            {
                Collect(child, resource.Schema.Field(name) ?? Schema.Anything, [$"f:{name}"], found);
            }
        }

        return found;
    }

    private static Schema MetadataSchema { get; } = new(JsonNode.Parse("""
        {"type":"object","properties":{"labels":{"type":"object","additionalProperties":{"type":"string"}},"annotations":{"type":"object","additionalProperties":{"type":"string"}},
        "finalizers":{"type":"array","items":{"type":"string"},"x-kubernetes-list-type":"set"},
        "ownerReferences":{"type":"array","items":{"type":"object","x-kubernetes-map-type":"atomic"},"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["uid"]}}}
        """)!.AsObject());

    private static void Collect(JsonNode? value, Schema schema, List<string> path, PathSet found)
    {
        switch (value)
        {
            case JsonObject { Count: > 0 } mapping when !schema.IsAtomic:
                foreach (var (key, child) in mapping)
                {
                    Collect(child, schema.Field(key) ?? Schema.Anything, [.. path, $"f:{key}"], found);
                }

                break;
            case JsonArray list when schema.ListKeys.Count > 0:
                foreach (var item in list)
                {
                    List<string> itemPath = [.. path, $"k:{KeyOf(item!, schema)}"];
                    found.Add([.. itemPath, "."]);
                    Collect(item, schema.Items ?? Schema.Anything, itemPath, found);
                }

                break;
            case JsonArray list when schema.IsSet:
                foreach (var item in list)
                {
                    found.Add([.. path, $"v:{item!.ToJsonString(Json.Plain)}"]);
                }

                break;
            default:
                found.Add([.. path]);
                break;
        }
    }

    private static JsonNode? Get(JsonObject root, string[] path)
    {
        JsonNode? at = root;
        foreach (var step in path)
        {
            at = step[0] switch
            {
                'f' => (at as JsonObject)?[step[2..]],
                'k' => Item(at as JsonArray, step),
                'v' => (at as JsonArray)?.FirstOrDefault(i => i!.ToJsonString(Json.Plain) == step[2..]),
                _ => at,
            };
        }

        return at;
    }

    private static JsonObject? Item(JsonArray? list, string step)
    {
        var keys = JsonNode.Parse(step.AsSpan(2).ToString())!.AsObject();
        return list?.OfType<JsonObject>().FirstOrDefault(item => keys.All(k => JsonNode.DeepEquals(item[k.Key] ?? (k.Key == "protocol" ? JsonValue.Create("TCP") : null), k.Value)));
    }

    private static void Set(JsonObject root, string[] path, JsonNode? value)
    {
        JsonNode at = root;
        for (var i = 0; i < path.Length; i++)
        {
            var (step, isLast) = (path[i], i == path.Length - 1);
            if (step == ".")
            {
                return;
            }

            if (step[0] == 'f')
            {
                var mapping = at.AsObject();
                var name = step[2..];
                if (isLast)
                {
                    mapping[name] = value?.DeepClone();
                    return;
                }

                mapping[name] ??= path[i + 1][0] == 'f' ? new JsonObject() : new JsonArray();
                at = mapping[name]!;
            }
            else if (step[0] == 'k')
            {
                var list = at.AsArray();
                if (Item(list, step) is not { } item)
                {
                    item = JsonNode.Parse(step[2..])!.AsObject();
                    list.Add(item);
                }

                at = item;
            }
            else if (Get(root, path[..(i + 1)]) is null)
            {
                at.AsArray().Add(JsonNode.Parse(step[2..]));
            }
        }
    }

    private static void Remove(JsonObject root, string[] path)
    {
        var target = path[^1] == "." ? path[..^1] : path;
        var parent = Get(root, target[..^1]);
        switch (target[^1][0])
        {
            case 'f':
                (parent as JsonObject)?.Remove(target[^1][2..]);
                break;
            case 'k' when Item(parent as JsonArray, target[^1]) is { } item:
                ((JsonArray)parent!).Remove(item);
                break;
            case 'v' when Get(root, target) is { } value:
                ((JsonArray)parent!).Remove(value);
                break;
        }

        // A map or list that only this filled goes with its last field; required structures have others in them.
        if (target.Length > 2 && Get(root, target[..^1]) is JsonObject { Count: 0 } or JsonArray { Count: 0 })
        {
            Remove(root, target[..^1]);
        }
    }

    private static RefusalException Conflict(List<(Entry Entry, string[] Path)> conflicts)
    {
        var causes = new JsonArray([.. conflicts.Select(static c => new JsonObject { ["reason"] = "FieldManagerConflict", ["message"] = $"conflict with {c.Entry.Who}", ["field"] = Display(c.Path) })]);
        var told = conflicts.Count == 1
            ? $"1 conflict: conflict with {conflicts[0].Entry.Who}: {Display(conflicts[0].Path)}"
            : $"{conflicts.Count} conflicts: {string.Join('\n', conflicts.GroupBy(static c => c.Entry.Who).Select(static g => $"conflicts with {g.Key}:\n{string.Join('\n', g.Select(static c => $"- {Display(c.Path)}"))}"))}";
        return new RefusalException(409, "Conflict", $"Apply failed with {told}", new JsonObject { ["causes"] = causes });
    }

    private static string Display(string[] path) => string.Concat(path.Select(static step => step[0] switch
    {
        'f' => $".{step[2..]}",
        'k' => $"[{string.Join(',', JsonNode.Parse(step[2..])!.AsObject().Select(static k => $"{k.Key}={k.Value!.ToJsonString(Json.Plain)}"))}]",
        'v' => $"[={step[2..]}]",
        _ => "",
    }));

    private static List<Entry> Book(JsonObject value) =>
        [.. (value["metadata"]!["managedFields"] as JsonArray ?? []).Select(static e => Entry.Read(e!.AsObject()))];

    private static void Keep(JsonObject value, List<Entry> book)
    {
        var kept = book.Where(static e => e.Paths.Count > 0).Select(static e => (JsonNode)e.ToJson()).ToArray();
        if (kept.Length > 0)
        {
            value["metadata"]!["managedFields"] = new JsonArray(kept);
        }
        else
        {
            value["metadata"]!.AsObject().Remove("managedFields");
        }
    }

    private sealed class Entry(Writer writer, string apiVersion, PathSet paths)
    {
        public Writer Writer { get; } = writer;

        public PathSet Paths { get; } = paths;

        public string Who =>
            $"\"{Writer.Manager}\"{(Writer.Subresource.Length > 0 ? $" with subresource \"{Writer.Subresource}\"" : "")}{(Writer.IsApply ? "" : $" using {apiVersion}")}";

        public bool IsBy(Writer other) => Writer.Manager == other.Manager && Writer.IsApply == other.IsApply && Writer.Subresource == other.Subresource;

        public static Entry Read(JsonObject entry)
        {
            var paths = new PathSet();
            Walk(entry["fieldsV1"]!.AsObject(), [], paths);
            return new Entry(
                new Writer(entry["manager"]!.GetValue<string>(), entry["operation"]!.GetValue<string>() == "Apply", entry["subresource"]?.GetValue<string>() ?? "", Force: false, entry["time"]?.GetValue<string>() ?? ""),
                entry["apiVersion"]!.GetValue<string>(), paths);
        }

        public JsonObject ToJson()
        {
            var fields = new JsonObject();
            foreach (var path in Paths)
            {
                var at = fields;
                foreach (var step in path)
                {
                    at[step] ??= new JsonObject();
                    at = at[step]!.AsObject();
                }
            }

            var entry = new JsonObject { ["manager"] = Writer.Manager, ["operation"] = Writer.IsApply ? "Apply" : "Update", ["apiVersion"] = apiVersion, ["time"] = Writer.Time, ["fieldsType"] = "FieldsV1", ["fieldsV1"] = fields };
            if (Writer.Subresource.Length > 0)
            {
                entry["subresource"] = Writer.Subresource;
            }

            return entry;
        }

        private static void Walk(JsonObject fields, List<string> path, PathSet found)
        {
            if (fields.Count == 0)
            {
                found.Add([.. path]);
            }

            foreach (var (step, child) in fields)
            {
                Walk(child!.AsObject(), [.. path, step], found);
            }
        }
    }

    private sealed class PathSet : HashSet<string[]>
    {
        public static new readonly IEqualityComparer<string[]> Comparer =
            EqualityComparer<string[]>.Create(static (a, b) => a!.AsSpan().SequenceEqual(b), static path => string.GetHashCode(string.Join('\0', path), StringComparison.Ordinal));

        public PathSet()
            : base(Comparer)
        {
        }

        public PathSet(IEnumerable<string[]> paths)
            : base(paths, Comparer)
        {
        }
    }
}

/// <summary>Who writes, and how.</summary>
/// <param name="Time">As metav1.Time.</param>
internal sealed record Writer(string Manager, bool IsApply, string Subresource, bool Force, string Time);

internal static class Json
{
    public static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly JsonSerializerOptions Indented = new(Plain) { WriteIndented = true };

    public static string Text(this JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    public static long Number(this JsonNode? node) => node is JsonValue value ? long.Parse(value.ToString(), CultureInfo.InvariantCulture) : 0;
}
