using System.Globalization;
using System.Text.Json.Nodes;

namespace NetPulse.ApiServer;

/// <summary>RFC 7386 and RFC 6902, on a copy.</summary>
internal static class Patches
{
    public static JsonObject Merge(JsonObject target, JsonObject patch)
    {
        var result = target.DeepClone().AsObject();
        foreach (var (key, value) in patch)
        {
            if (value is null)
            {
                result.Remove(key);
            }
            else if (value is JsonObject child)
            {
                result[key] = Merge(result[key] as JsonObject ?? [], child);
            }
            else
            {
                result[key] = value.DeepClone();
            }
        }

        return result;
    }

    /// <exception cref="RefusalException">A test does not hold, or a path is not there (422 without fields).</exception>
    public static JsonObject Json(JsonObject target, JsonArray operations)
    {
        JsonNode result = target.DeepClone();
        foreach (var operation in operations.Select(static o => o!.AsObject()))
        {
            var path = Parts(operation["path"].Text());
            switch (operation["op"].Text())
            {
                case "add":
                    Put(result, path, operation["value"]?.DeepClone(), isAdd: true);
                    break;
                case "replace":
                    Demand(Has(result, path));
                    Put(result, path, operation["value"]?.DeepClone(), isAdd: false);
                    break;
                case "remove":
                    Take(result, path);
                    break;
                case "test":
                    Demand(Has(result, path) && JsonNode.DeepEquals(Get(result, path), operation["value"]));
                    break;
                case "move":
                    Put(result, path, Take(result, Parts(operation["from"].Text())), isAdd: true);
                    break;
                case "copy":
                    Put(result, path, Get(result, Parts(operation["from"].Text()))?.DeepClone(), isAdd: true);
                    break;
                default:
                    throw Rejected();
            }
        }

        return result.AsObject();
    }

    private static string[] Parts(string pointer) =>
        [.. pointer.Split('/').Skip(1).Select(static p => p.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];

    private static bool Has(JsonNode root, string[] path) => path.Length == 0 || Get(root, path[..^1]) switch
    {
        JsonObject mapping => mapping.ContainsKey(path[^1]),
        JsonArray list => int.TryParse(path[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < list.Count,
        _ => false,
    };

    private static JsonNode? Get(JsonNode root, string[] path)
    {
        JsonNode? at = root;
        foreach (var part in path)
        {
            at = at switch
            {
                JsonObject mapping => mapping[part],
                JsonArray list when int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < list.Count => list[index],
                _ => null,
            };
        }

        return at;
    }

    private static void Put(JsonNode root, string[] path, JsonNode? value, bool isAdd)
    {
        switch (Get(root, path[..^1]))
        {
            case JsonObject mapping:
                mapping[path[^1]] = value;
                break;
            case JsonArray list when path[^1] == "-":
                list.Add(value);
                break;
            case JsonArray list when int.TryParse(path[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index <= list.Count:
                if (isAdd)
                {
                    list.Insert(index, value);
                }
                else
                {
                    list[index] = value;
                }

                break;
            default:
                throw Rejected();
        }
    }

    private static JsonNode? Take(JsonNode root, string[] path)
    {
        Demand(Has(root, path));
        var value = Get(root, path);
        switch (Get(root, path[..^1]))
        {
            case JsonObject mapping:
                mapping.Remove(path[^1]);
                break;
            case JsonArray list:
                list.RemoveAt(int.Parse(path[^1], CultureInfo.InvariantCulture));
                break;
        }

        return value;
    }

    private static void Demand(bool holds)
    {
        if (!holds)
        {
            throw Rejected();
        }
    }

    private static RefusalException Rejected() => new(422, "Invalid", "the server rejected our request due to an error in our request", []);
}
