using System.Text.Json;
using System.Text.Json.Nodes;

namespace NetPulse.Optimizer.Tests.Deployment;

/// <summary>The fields of Kubernetes 1.32's own types, from its OpenAPI (by way of @kubernetes/client-node 1.1.2, whose models are generated from it).</summary>
internal sealed class KubernetesTypes
{
    private readonly JsonObject types = JsonNode.Parse(File.ReadAllText(Path.Combine(DeployFolder.Tests, "kubernetes-types.json")))!.AsObject();

    /// <returns>What a strict API server would refuse.</returns>
    public IEnumerable<string> Faults(JsonObject manifest) => Faults(manifest, $"V1{manifest["kind"]}", $"{manifest["kind"]}/{manifest["metadata"]!["name"]}");

    public bool Knows(string kind) => types.ContainsKey($"V1{kind}");

    private IEnumerable<string> Faults(JsonNode? value, string type, string path)
    {
        if (type.StartsWith("Array<", StringComparison.Ordinal))
        {
            return value is JsonArray list ? list.SelectMany((item, index) => Faults(item, type[6..^1], $"{path}[{index}]")) : [$"{path} must be a list"];
        }

        if (types[type] is JsonObject known)
        {
            return value is JsonObject mapping ? Faults(mapping, known, path) : [$"{path} must be a mapping"];
        }

        return type switch
        {
            "string" => Kind(value) == JsonValueKind.String ? [] : [$"{path} must be a string"],
            "number" => Kind(value) == JsonValueKind.Number ? [] : [$"{path} must be a number"],
            "boolean" => Kind(value) is JsonValueKind.True or JsonValueKind.False ? [] : [$"{path} must be true or false"],
            "IntOrString" => Kind(value) is JsonValueKind.Number or JsonValueKind.String ? [] : [$"{path} must be a number or a string"],
            "{ [key: string]: string; }" => value is JsonObject map ? map.Where(static pair => Kind(pair.Value) != JsonValueKind.String).Select(pair => $"{path}.{pair.Key} must be a string") : [$"{path} must be a mapping"],
            _ => [],
        };
    }

    private IEnumerable<string> Faults(JsonObject mapping, JsonObject type, string path)
    {
        var fields = type["fields"]!.AsObject();
        foreach (var missing in (type["required"] as JsonArray ?? []).Select(static name => name!.ToString()).Where(name => !mapping.ContainsKey(name)))
        {
            yield return $"{path}.{missing} is missing";
        }

        foreach (var (name, child) in mapping)
        {
            if (fields[name] is not { } childType)
            {
                yield return $"{path}.{name} is no field of it";
                continue;
            }

            foreach (var fault in Faults(child, childType.ToString(), $"{path}.{name}"))
            {
                yield return fault;
            }
        }
    }

    private static JsonValueKind? Kind(JsonNode? value) => value is JsonValue ? value.GetValueKind() : null;
}
