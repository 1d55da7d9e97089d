using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace NetPulse.Kubernetes.Objects;

/// <summary>Our types as the API server's JSON: what it does not say keeps our default, what we do not know is left aside, what is empty is not sent.</summary>
/// <remarks>
/// By reflection: System.Text.Json's source generator (SDK 10.0.401) gives an absent init-only property <see langword="null"/> instead of its initial value.
/// ILLink.Descriptors.xml keeps these types in a trimmed program; docs/decisions/kubernetes-client.md says more.
/// </remarks>
public static class KubernetesJson
{
    public static JsonSerializerOptions Options { get; } = Create();

    public static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T));

    /// <summary>Leaves out what is null, an empty text or an empty collection. A property whose own default is something else says <c>[JsonIgnore(Condition = Never)]</c>.</summary>
    internal static void OmitEmpty(JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(static p => !MustBeWritten(p)))
        {
            if (property.PropertyType == typeof(string) || typeof(IEnumerable).IsAssignableFrom(property.PropertyType))
            {
                property.ShouldSerialize = static (_, value) => value switch
                {
                    null or "" => false,
                    ICollection collection => collection.Count > 0,
                    IEnumerable items => items.Cast<object?>().Any(),
                    _ => true,
                };
            }
        }
    }

    private static bool MustBeWritten(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true) is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.Never }];

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            PropertyNameCaseInsensitive = false,
            NumberHandling = JsonNumberHandling.Strict,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = Resolver(),
            Converters = { new JsonStringEnumConverter(allowIntegerValues: false), new Duration.JsonConverter(), new TextConverter() },
        };
        options.MakeReadOnly();
        return options;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "ILLink.Descriptors.xml keeps every type of this assembly")]
    private static DefaultJsonTypeInfoResolver Resolver() => new() { Modifiers = { OmitEmpty, KeepDefaultForNull, SkipUnknown } };

    /// <summary>Go writes an empty list or time as null (<c>containers: null</c> in a bookmark): the same as nothing.</summary>
    private static void KeepDefaultForNull(JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(static p => !p.IsSetNullable && !p.PropertyType.IsValueType))
        {
            if (property.Set is { } set)
            {
                property.Set = (target, value) =>
                {
                    if (value is not null)
                    {
                        set(target, value);
                    }
                };
            }
        }
    }

    /// <summary>A newer server's new field must not end a list, even of those types that refuse one in a file.</summary>
    private static void SkipUnknown(JsonTypeInfo type)
    {
        if (type.Kind == JsonTypeInfoKind.Object)
        {
            type.UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip;
        }
    }

    /// <summary>Texts that stand in thousands of objects (namespaces, nodes, label keys, phases) are kept once.</summary>
    private sealed class TextConverter : JsonConverter<string>
    {
        private const int LongestPooled = 63;

        private readonly TextPool pool = new();

        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String ? Text(ref reader) : throw new JsonException("must be a text");

        public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Text(ref reader);

        public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

        public override void WriteAsPropertyName(Utf8JsonWriter writer, [DisallowNull] string value, JsonSerializerOptions options) => writer.WritePropertyName(value);

        private string Text(ref Utf8JsonReader reader) =>
            !reader.HasValueSequence && !reader.ValueIsEscaped && reader.ValueSpan.Length <= LongestPooled ? pool.Get(reader.ValueSpan) : reader.GetString()!;
    }

    /// <summary>A bounded pool: a collision replaces, so that names of objects which come and go are not kept for ever.</summary>
    private sealed class TextPool
    {
        private readonly string?[] slots = new string?[4096];

        public string Get(ReadOnlySpan<byte> utf8)
        {
            var hash = default(HashCode);
            hash.AddBytes(utf8);
            ref var slot = ref slots[hash.ToHashCode() & (slots.Length - 1)];
            var kept = slot;
            if (kept is not null && IsSame(kept, utf8))
            {
                return kept;
            }

            var text = System.Text.Encoding.UTF8.GetString(utf8);
            slot = text;
            return text;
        }

        /// <summary>ASCII only; other texts are never the same here and so never shared.</summary>
        private static bool IsSame(string text, ReadOnlySpan<byte> utf8) => System.Text.Ascii.Equals(utf8, text);
    }
}
