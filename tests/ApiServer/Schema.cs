using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NetPulse.ApiServer;

/// <summary>A structural schema: which fields there are, which lists have keys, what is refused. Rules in CEL are not evaluated here.</summary>
internal sealed class Schema
{
    public static readonly Schema Anything = new(new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true });

    private readonly JsonObject definition;
    private readonly Dictionary<string, Schema> properties;

    public Schema(JsonObject definition)
    {
        this.definition = definition;
        properties = (definition["properties"] as JsonObject ?? []).Where(static p => p.Value is JsonObject).ToDictionary(static p => p.Key, static p => new Schema((JsonObject)p.Value!), StringComparer.Ordinal);
        Items = definition["items"] is JsonObject items ? new Schema(items) : null;
        Values = definition["additionalProperties"] is JsonObject values ? new Schema(values) : null;
        Type = Text("type");
        TakesAnything = definition["x-kubernetes-preserve-unknown-fields"]?.GetValue<bool>() == true;
        IsIntOrString = definition["x-kubernetes-int-or-string"]?.GetValue<bool>() == true;
        IsAtomic = Text("x-kubernetes-map-type") == "atomic" || (Items is not null && Text("x-kubernetes-list-type") is "" or "atomic");
        IsSet = Text("x-kubernetes-list-type") == "set";
        ListKeys = [.. (definition["x-kubernetes-list-map-keys"] as JsonArray ?? []).Select(static k => k!.GetValue<string>())];
    }

    public string Type { get; }

    public Schema? Items { get; }

    public Schema? Values { get; }

    public bool TakesAnything { get; }

    public bool IsIntOrString { get; }

    /// <summary>Owned as a whole.</summary>
    public bool IsAtomic { get; }

    public bool IsSet { get; }

    public IReadOnlyList<string> ListKeys { get; }

    public static Schema Embedded(string name)
    {
        using var stream = typeof(Schema).Assembly.GetManifestResourceStream($"{name}.json")!;
        return new Schema(JsonNode.Parse(stream)!.AsObject());
    }

    /// <returns><see langword="null"/> for a field that is not declared.</returns>
    public Schema? Field(string name) => properties.GetValueOrDefault(name) ?? Values ?? (TakesAnything || (properties.Count == 0 && Type != "array") ? Anything : null);

    /// <summary>Every field that is not declared, as <c>spec.ingres</c>; each is removed where asked.</summary>
    public IEnumerable<string> Unknown(JsonNode? value, string path, bool prune)
    {
        switch (value)
        {
            case JsonObject mapping:
                foreach (var (key, child) in mapping.ToList())
                {
                    var childPath = path.Length == 0 ? key : $"{path}.{key}";
                    if (Field(key) is not { } schema)
                    {
                        if (prune)
                        {
                            mapping.Remove(key);
                        }

                        yield return childPath;
                    }
                    else if (!ReferenceEquals(schema, Anything))
                    {
                        foreach (var unknown in schema.Unknown(child, childPath, prune))
                        {
                            yield return unknown;
                        }
                    }
                }

                break;
            case JsonArray list when Items is not null:
                for (var i = 0; i < list.Count; i++)
                {
                    foreach (var unknown in Items.Unknown(list[i], $"{path}[{i}]", prune))
                    {
                        yield return unknown;
                    }
                }

                break;
        }
    }

    /// <summary>Fills in the defaults of fields that are absent.</summary>
    public void Default(JsonNode? value)
    {
        if (value is JsonObject mapping)
        {
            foreach (var (name, schema) in properties)
            {
                if (!mapping.ContainsKey(name) && schema.definition["default"] is { } preset)
                {
                    mapping[name] = preset.DeepClone();
                }

                schema.Default(mapping[name]);
            }
        }
        else if (value is JsonArray list && Items is not null)
        {
            foreach (var item in list)
            {
                Items.Default(item);
            }
        }
    }

    public IEnumerable<Cause> Faults(JsonNode? value, string path)
    {
        switch (value)
        {
            case null:
            case var _ when TakesAnything && properties.Count == 0:
                return [];
            case JsonObject mapping:
                return IsOf("object") ? Faults(mapping, path) : [WrongType(path, "object")];
            case JsonArray list:
                return IsOf("array") ? Faults(list, path) : [WrongType(path, "array")];
            default:
                return Faults(value.AsValue(), path);
        }
    }

    private IEnumerable<Cause> Faults(JsonObject mapping, string path)
    {
        foreach (var required in (definition["required"] as JsonArray ?? []).Select(static r => r!.GetValue<string>()).Where(r => !mapping.ContainsKey(r)))
        {
            yield return Cause.Required(Child(path, required));
        }

        foreach (var cause in mapping.SelectMany(pair => Field(pair.Key)?.Faults(pair.Value, Child(path, pair.Key)) ?? []))
        {
            yield return cause;
        }
    }

    private IEnumerable<Cause> Faults(JsonArray list, string path)
    {
        if (Number("maxItems") is { } most && list.Count > most)
        {
            yield return new Cause(path, "FieldValueTooMany", $"Too many: {list.Count}: must have at most {most} items");
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < list.Count; i++)
        {
            if (ListKeys.Count > 0 && !seen.Add(ServerSideApply.KeyOf(list[i]!, this)))
            {
                yield return new Cause($"{path}[{i}]", "FieldValueDuplicate", $"Duplicate value: {ServerSideApply.KeyOf(list[i]!, this)}");
            }

            foreach (var cause in Items?.Faults(list[i], $"{path}[{i}]") ?? [])
            {
                yield return cause;
            }
        }
    }

    private IEnumerable<Cause> Faults(JsonValue value, string path)
    {
        var kind = value.GetValueKind();
        var type = kind switch { JsonValueKind.String => "string", JsonValueKind.True or JsonValueKind.False => "boolean", _ => value.ToJsonString().Contains('.', StringComparison.Ordinal) ? "number" : "integer" };
        if (!(IsOf(type) || (type == "integer" && IsOf("number")) || (IsIntOrString && type is "string" or "integer")))
        {
            yield return WrongType(path, type);
            yield break;
        }

        if (definition["enum"] is JsonArray allowed && !allowed.Any(a => JsonNode.DeepEquals(a, value)))
        {
            yield return Cause.Unsupported(path, value.ToString(), string.Join(", ", allowed.Select(static a => $"\"{a}\"")));
        }

        if (kind == JsonValueKind.Number)
        {
            var number = double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);
            if (Number("minimum") is { } least && number < least)
            {
                yield return Cause.Invalid(path, value.ToJsonString(), $"{path} in body should be greater than or equal to {least}");
            }

            if (Number("maximum") is { } most && number > most)
            {
                yield return Cause.Invalid(path, value.ToJsonString(), $"{path} in body should be less than or equal to {most}");
            }
        }

        if (kind == JsonValueKind.String)
        {
            var text = value.GetValue<string>();
            if (Text("pattern") is { Length: > 0 } pattern && !Regex.IsMatch(text, pattern, RegexOptions.None, TimeSpan.FromSeconds(1)))
            {
                yield return Cause.Invalid(path, $"\"{text}\"", $"{path} in body should match '{pattern}'");
            }

            if (Number("maxLength") is { } longest && text.Length > longest)
            {
                yield return new Cause(path, "FieldValueTooLong", $"Too long: may not be more than {longest} bytes");
            }

            if (Text("format") == "date-time" && !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _))
            {
                yield return Cause.Invalid(path, $"\"{text}\"", $"{path} in body must be of type date-time: \"{text}\"");
            }
        }
    }

    private bool IsOf(string type) => Type.Length == 0 ? !IsIntOrString : Type == type;

    private Cause WrongType(string path, string found) => new(path, "FieldValueTypeInvalid", $"Invalid value: \"{found}\": {path} in body must be of type {Type}: \"{found}\"");

    private static string Child(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private string Text(string field) => definition[field] is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    private double? Number(string field) => definition[field] is JsonValue value && value.GetValueKind() == JsonValueKind.Number ? double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture) : null;
}
