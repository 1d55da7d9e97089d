using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NetPulse.Kubernetes.Objects;

/// <summary>Kubernetes <c>intstr.IntOrString</c>: a number, or a name as <c>http</c>.</summary>
/// <param name="Name">Null when it is a number.</param>
[JsonConverter(typeof(JsonConverter))]
public readonly record struct IntOrString(int Number, string? Name)
{
    public static implicit operator IntOrString(int number) => new(number, null);

    public static implicit operator IntOrString(string name) => new(0, name);

    public override string ToString() => Name ?? Number.ToString(CultureInfo.InvariantCulture);

    internal sealed class JsonConverter : JsonConverter<IntOrString>
    {
        public override IntOrString Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
        {
            JsonTokenType.String => new IntOrString(0, reader.GetString()),
            JsonTokenType.Number when reader.TryGetInt32(out var number) => new IntOrString(number, null),
            _ => throw new JsonException("must be a whole number or a name"),
        };

        public override void Write(Utf8JsonWriter writer, IntOrString value, JsonSerializerOptions options)
        {
            if (value.Name is null)
            {
                writer.WriteNumberValue(value.Number);
            }
            else
            {
                writer.WriteStringValue(value.Name);
            }
        }
    }
}
