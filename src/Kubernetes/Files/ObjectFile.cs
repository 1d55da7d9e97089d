using System.ComponentModel.DataAnnotations;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Files;

/// <summary>Reads and writes one object as one YAML file, as strictly as the API server's <c>fieldValidation=Strict</c>.</summary>
public static partial class ObjectFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        PropertyNameCaseInsensitive = false,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        NumberHandling = JsonNumberHandling.Strict,
        RespectNullableAnnotations = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(allowIntegerValues: false), new Duration.JsonConverter() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { KubernetesJson.OmitEmpty } },
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

        // An object of the type says which version it is when nothing else is stated.
        var version = JsonSerializer.Deserialize<T>("""{"metadata":{"name":"any"}}""", Json)!.ApiVersion;
        foreach (var (field, expected) in new[] { ("kind", kind), ("apiVersion", version) })
        {
            if (document.Root[field] is not JsonValue stated || !stated.TryGetValue<string>(out var value) || value != expected)
            {
                throw new ObjectFileException(path, document.LineOf(field), field, $"must be {expected}");
            }
        }

        T parsed;
        try
        {
            parsed = document.Root.Deserialize<T>(Json) ?? throw new ObjectFileException(path, 1, "", $"holds no {kind}");
        }
        catch (JsonException e)
        {
            var field = FieldOf(e);
            throw new ObjectFileException(path, document.LineOf(field), field, Explain(e), e);
        }

        foreach (var (field, problem) in Faults(parsed, ""))
        {
            throw new ObjectFileException(path, document.LineOf(field), field, problem);
        }

        return parsed;
    }

    /// <summary>Replaces the file in one step, so that a reader sees the old object or the new one and a power failure leaves one of them.</summary>
    /// <exception cref="ObjectFileException">It could not be written; the old one stays.</exception>
    public static void Write<T>(string path, T value)
        where T : class, IKubernetesObject => WriteText(path, Format(value));

    /// <summary>As <see cref="Write{T}"/>, of an object that is formatted already.</summary>
    /// <exception cref="ObjectFileException">It could not be written; the old one stays.</exception>
    public static void WriteText(string path, string text)
    {
        var temporary = path + ".new";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                stream.Write(Encoding.UTF8.GetBytes(text));
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ObjectFileException(path, 0, "", $"cannot be written: {e.Message}", e);
        }
    }

    /// <summary>The object as YAML, fields in the order of its type.</summary>
    public static string Format<T>(T value)
        where T : class, IKubernetesObject =>
        YamlDocument.Format(JsonSerializer.SerializeToNode(value, Json));

    /// <summary>The serializer's <c>$.metadata.annotations['a.b/c']</c> as our <c>metadata.annotations.a.b/c</c>.</summary>
    internal static string FieldOf(JsonException e)
    {
        var field = (e.Path ?? "").TrimStart('$').Replace("['", ".", StringComparison.Ordinal).Replace("']", "", StringComparison.Ordinal).TrimStart('.');
        return Missing().Match(e.Message) is { Success: true } missing
            ? $"{field}{(field.Length > 0 ? "." : "")}{missing.Groups["name"].Value}"
            : field;
    }

    internal static string Explain(JsonException e)
    {
        if (e.Message.Contains("could not be mapped to any .NET member", StringComparison.Ordinal))
        {
            return "is not a known field; check its spelling";
        }

        if (Missing().IsMatch(e.Message))
        {
            return "is missing";
        }

        if (WrongType().Match(e.Message) is { Success: true } wrong)
        {
            return wrong.Groups["type"].Value switch
            {
                "System.String" => "must be a text; a number, true or false is one in quotes",
                "System.Boolean" => "must be true or false",
                "System.Int32" or "System.Int64" or "System.Nullable`1[System.Int64]" => "must be a whole number",
                "System.DateTimeOffset" or "System.Nullable`1[System.DateTimeOffset]" => "must be a time, as 2026-01-31T12:00:00Z",
                var type when type.StartsWith("System.Collections.Generic.IReadOnlyList", StringComparison.Ordinal) => "must be a list (- item)",
                var type when typeof(ObjectMeta).Assembly.GetType(type) is { IsEnum: true } choice => $"must be one of {string.Join(", ", Enum.GetNames(choice))}",
                _ => "must be a mapping (key: value)",
            };
        }

        if (e.Message.Contains("doesn't allow setting null values", StringComparison.Ordinal))
        {
            return "must not be empty; leave the field out instead";
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
                // .NET lets an empty text pass every pattern.
                if (!rule.IsValid(current) || (rule is RegularExpressionAttribute && current is ""))
                {
                    yield return (field, $"{(current is "" ? "an empty text" : current is TimeSpan duration ? Duration.Format(duration) : current)} is not allowed: {Allowed(rule)}");
                }
            }

            foreach (var (child, childPath) in Children(current, field))
            {
                if (child is null)
                {
                    yield return (childPath, "must not be empty");
                    continue;
                }

                foreach (var fault in IsOurs(child) ? Faults(child, childPath) : [])
                {
                    yield return fault;
                }
            }
        }
    }

    private static IEnumerable<(object? Child, string Path)> Children(object? value, string path) => value switch
    {
        null or string => [],
        IReadOnlyDictionary<string, string> map => map.Select(pair => ((object?)pair.Value, $"{path}.{pair.Key}")),
        System.Collections.IEnumerable items => items.Cast<object?>().Select((item, index) => (item, $"{path}[{index}]")),
        _ => [(value, path)],
    };

    private static bool IsOurs(object value) => value.GetType() is { IsEnum: false } type && type.Namespace == typeof(ObjectMeta).Namespace;

    private static string Allowed(ValidationAttribute rule) => rule switch
    {
        RangeAttribute { OperandType: var type } range when type == typeof(TimeSpan) => $"must be {Bound(range.Minimum)} to {Bound(range.Maximum)}",
        RangeAttribute range => $"must be {range.Minimum} to {range.Maximum}",
        { ErrorMessage: { } message } => message,
        _ => rule.FormatErrorMessage("the value"),
    };

    private static string Bound(object bound) => Duration.TryParse(bound.ToString() ?? "", out var duration) ? Duration.Format(duration) : $"{bound}";

    [GeneratedRegex(@"missing required properties including: '(?<name>[^']+)'", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Missing();

    [GeneratedRegex(@"could not be converted to (?<type>[^ ]+)\. Path", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WrongType();
}
