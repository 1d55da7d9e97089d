using System.Text.Json.Nodes;

namespace NetPulse.Kubernetes.Files;

/// <summary>What the API server makes of a <c>null</c>: an absent field, in a list an empty item, as the value of a label an empty text.</summary>
public static class NullFields
{
    private static readonly string[] TextMaps = ["matchLabels", "labels", "annotations"];
    private static readonly string[] TextLists = ["values", "except", "policyTypes", "networks", "domainNames"];

    /// <summary>Changes <paramref name="root"/> in place.</summary>
    public static void Resolve(JsonObject root) => Resolve(root, "");

    private static void Resolve(JsonNode node, string field)
    {
        if (node is JsonObject mapping)
        {
            foreach (var (key, child) in mapping.ToList())
            {
                if (child is not null)
                {
                    Resolve(child, key);
                }
                else if (TextMaps.Contains(field))
                {
                    mapping[key] = "";
                }
                else
                {
                    mapping.Remove(key);
                }
            }
        }
        else if (node is JsonArray list)
        {
            for (var i = 0; i < list.Count; i++)
            {
                list[i] ??= TextLists.Contains(field) ? JsonValue.Create("") : new JsonObject();
                Resolve(list[i]!, field);
            }
        }
    }
}
