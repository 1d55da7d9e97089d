using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Stores;

/// <summary>An object of any kind, taken apart and put together.</summary>
internal static class ObjectParts
{
    public const string Status = "status";

    public static JsonObject ToJson<T>(T value) => JsonSerializer.SerializeToNode(value, KubernetesJson.TypeOf<T>())!.AsObject();

    public static T FromJson<T>(JsonObject json) => json.Deserialize(KubernetesJson.TypeOf<T>())!;

    public static T WithMetadata<T>(T value, ObjectMeta metadata)
    {
        var json = ToJson(value);
        json["metadata"] = ToJson(metadata);
        return FromJson<T>(json);
    }

    /// <summary>Sixteen hexadecimal digits that are others when the text is another.</summary>
    public static string Fingerprint(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
}
