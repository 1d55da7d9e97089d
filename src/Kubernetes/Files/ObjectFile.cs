using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using NetPulse.Kubernetes.Objects;
using YamlDotNet.Serialization;

namespace NetPulse.Kubernetes.Files;

/// <summary>Reads and writes one object as one YAML file, as strictly as the API server's <c>fieldValidation=Strict</c>.</summary>
public static class ObjectFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNameCaseInsensitive = false,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        NumberHandling = JsonNumberHandling.Strict,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(allowIntegerValues: false), new Duration.JsonConverter() },
    };

    /// <exception cref="ObjectFileException">The file is not there, is no YAML, has an unknown field, or a value out of its range.</exception>
    public static T Read<T>(string path)
        where T : class, IKubernetesObject
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ObjectFileException(path, 0, "", $"cannot be read: {e.Message}", e);
        }

        return Parse<T>(path, text);
    }

    /// <exception cref="ObjectFileException">As for <see cref="Read{T}"/>.</exception>
    public static T Parse<T>(string path, string text)
        where T : class, IKubernetesObject
    {
        var document = YamlDocument.Parse(path, text);
        var kind = typeof(T).Name;
        if (document.Root["kind"] is not JsonValue stated || !stated.TryGetValue<string>(out var statedKind) || statedKind != kind)
        {
            throw new ObjectFileException(path, document.LineOf("kind"), "kind", $"must be {kind}");
        }

        T parsed;
        try
        {
            parsed = document.Root.Deserialize<T>(Json) ?? throw new ObjectFileException(path, 1, "", $"holds no {kind}");
        }
        catch (JsonException e)
        {
            var field = e.Path is { Length: > 2 } jsonPath ? jsonPath[2..] : "";
            throw new ObjectFileException(path, document.LineOf(field), field, Explain(e), e);
        }

        foreach (var (field, problem) in Faults(parsed, ""))
        {
            throw new ObjectFileException(path, document.LineOf(field), field, problem);
        }

        return parsed;
    }

    /// <summary>Replaces the file in one step, so that a reader sees the old object or the new one and a power failure leaves one of them.</summary>
    public static void Write<T>(string path, T value)
        where T : class, IKubernetesObject
    {
        var temporary = path + ".new";
        using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            stream.Write(Encoding.UTF8.GetBytes(Format(value)));
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>The object as YAML, fields in the order of its type.</summary>
    public static string Format<T>(T value)
        where T : class, IKubernetesObject =>
        new SerializerBuilder().WithQuotingNecessaryStrings().Build().Serialize(Plain(JsonSerializer.SerializeToNode(value, Json)) ?? "");

    private static object? Plain(JsonNode? node) => node switch
    {
        JsonObject item => item.ToDictionary(pair => pair.Key, pair => Plain(pair.Value), StringComparer.Ordinal),
        JsonArray list => list.Select(Plain).ToList(),
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        JsonValue value when value.TryGetValue<long>(out var integer) => integer,
        JsonValue value when value.TryGetValue<double>(out var number) => number,
        JsonValue value => value.GetValue<JsonElement>().ToString(),
        _ => null,
    };

    private static string Explain(JsonException e)
    {
        if (e.Message.Contains("could not be mapped to any .NET member", StringComparison.Ordinal))
        {
            return "is not a known field; check its spelling";
        }

        var cut = e.Message.IndexOf(" Path:", StringComparison.Ordinal);
        return cut > 0 ? e.Message[..cut] : e.Message;
    }

    /// <summary>Every value that its attributes do not allow, depth first.</summary>
    private static IEnumerable<(string Field, string Problem)> Faults(object value, string path)
    {
        foreach (var property in value.GetType().GetProperties().Where(p => p.GetIndexParameters().Length == 0))
        {
            var field = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            field = path.Length == 0 ? field : $"{path}.{field}";
            var current = property.GetValue(value);
            foreach (var rule in property.GetCustomAttributes(inherit: true).OfType<ValidationAttribute>())
            {
                if (!rule.IsValid(current))
                {
                    yield return (field, $"{current} is not allowed: {Allowed(rule)}");
                }
            }

            var children = current switch
            {
                System.Collections.IDictionary or string => [],
                System.Collections.IEnumerable items => items.Cast<object>().Select((item, index) => (item, $"{field}[{index}]")),
                not null when current.GetType().Namespace == typeof(ObjectMeta).Namespace && !current.GetType().IsEnum => [(current, field)],
                _ => [],
            };
            foreach (var (child, childPath) in children)
            {
                foreach (var fault in Faults(child, childPath))
                {
                    yield return fault;
                }
            }
        }
    }

    private static string Allowed(ValidationAttribute rule) => rule switch
    {
        RangeAttribute range => $"must be {range.Minimum} to {range.Maximum}",
        { ErrorMessage: { } message } => message,
        _ => rule.FormatErrorMessage("the value"),
    };
}
