using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Tests.Stores;

public sealed class DefinitionTests
{
    public static TheoryData<string> Kinds => [nameof(NodeTuning), nameof(OptimizationPolicy), nameof(NetworkRecommendation)];

    /// <summary>A field that the schema lacks would be dropped by the server without a word.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_schema_has_every_field_of_the_type_and_no_other(string kind) => Assert.Empty(Differences(TypeOf(kind), Schema(kind), ""));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_definition_is_of_the_kind_that_the_client_asks_for(string kind)
    {
        var definition = Definition(kind);
        var type = (ResourceType)TypeOf(kind).GetProperty("Type", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
        var spec = definition["spec"]!;
        Assert.Equal(
            (type.Group, type.Plural, type.Kind, type.IsNamespaced, type.Version, $"{type.Plural}.{type.Group}"),
            (spec["group"]!.ToString(), spec["names"]!["plural"]!.ToString(), spec["names"]!["kind"]!.ToString(), spec["scope"]!.ToString() == "Namespaced", spec["versions"]![0]!["name"]!.ToString(), definition["metadata"]!["name"]!.ToString()));
        Assert.NotNull(spec["versions"]![0]!["subresources"]!["status"]);
        Assert.NotEmpty(spec["names"]!["shortNames"]!.AsArray());
    }

    /// <summary>Without bounds the server refuses a rule as too costly: its estimate takes the longest that may be.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_list_has_a_bound(string kind)
    {
        var unbounded = new List<string>();
        Walk(Schema(kind), "");
        Assert.Empty(unbounded);

        void Walk(JsonObject schema, string path)
        {
            if (schema["type"] is JsonValue type && type.ToString() == "array" && schema["maxItems"] is null)
            {
                unbounded.Add(path);
            }

            foreach (var (name, child) in schema)
            {
                if (child is JsonObject inner)
                {
                    Walk(inner, $"{path}/{name}");
                }
            }
        }
    }

    /// <summary>A column of a path that is none stays empty without a word.</summary>
    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_column_that_kubectl_prints_is_a_field(string kind)
    {
        foreach (var column in Definition(kind)["spec"]!["versions"]![0]!["additionalPrinterColumns"]!.AsArray())
        {
            var path = column!["jsonPath"]!.ToString();
            JsonNode? schema = path.StartsWith(".metadata.", StringComparison.Ordinal) ? new JsonObject() : Schema(kind);
            foreach (var part in path.StartsWith(".metadata.", StringComparison.Ordinal) ? [] : path.TrimStart('.').Replace('[', '.').Split('.').Where(static part => !part.StartsWith('?') && !part.StartsWith("type==", StringComparison.Ordinal)).Select(static part => part.TrimEnd(']', ')')))
            {
                schema = schema?["items"] is { } items ? (part.Length > 0 && char.IsAsciiDigit(part[0]) ? items : items["properties"]?[part]) : schema?["properties"]?[part];
            }

            Assert.True(schema is not null, path);
            Assert.Contains(column["type"]!.ToString(), new[] { "string", "date" });
        }
    }

    private static Type TypeOf(string kind) => typeof(ObjectMeta).Assembly.GetType($"NetPulse.Kubernetes.Objects.{kind}")!;

    private static JsonObject Schema(string kind) => Definition(kind)["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!.AsObject();

    private static JsonObject Definition(string kind) =>
        TestApiServer.OurDefinitions.Select(static f => YamlDocument.Parse(f, File.ReadAllText(f)).Root).Single(d => d["spec"]!["names"]!["kind"]!.ToString() == kind);

    private static IEnumerable<string> Differences(Type type, JsonObject schema, string path)
    {
        var fields = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).ToDictionary(static p => JsonNamingPolicy.CamelCase.ConvertName(p.Name), static p => Nullable.GetUnderlyingType(p.PropertyType) ?? p.PropertyType, StringComparer.Ordinal);
        var properties = schema["properties"] as JsonObject ?? [];
        foreach (var missing in fields.Keys.Except(properties.Select(static p => p.Key), StringComparer.Ordinal))
        {
            yield return $"{path}.{missing} is not in the schema";
        }

        foreach (var extra in properties.Select(static p => p.Key).Except(fields.Keys, StringComparer.Ordinal))
        {
            yield return $"{path}.{extra} is not in the type";
        }

        foreach (var (name, field) in fields.Where(f => f.Value != typeof(ObjectMeta) && properties[f.Key] is JsonObject))
        {
            var (element, child) = Element(field, properties[name]!.AsObject());
            if (element.IsEnum)
            {
                var allowed = (child["enum"] as JsonArray ?? []).Select(static e => e!.ToString());
                if (!allowed.Order(StringComparer.Ordinal).SequenceEqual(Enum.GetNames(element).Order(StringComparer.Ordinal), StringComparer.Ordinal))
                {
                    yield return $"{path}.{name} allows others than {element.Name}";
                }
            }
            else if (element.Namespace == typeof(ObjectMeta).Namespace)
            {
                foreach (var difference in Differences(element, child, $"{path}.{name}"))
                {
                    yield return difference;
                }
            }
        }
    }

    private static (Type Type, JsonObject Schema) Element(Type field, JsonObject schema) =>
        field != typeof(string) && typeof(IEnumerable).IsAssignableFrom(field) ? (field.GetGenericArguments()[0], schema["items"]!.AsObject()) : (field, schema);
}
