using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;

namespace NetPulse.Optimizer.Tests.Deployment;

/// <summary>deploy/, as it stands in the repository.</summary>
internal static class DeployFolder
{
    public const string Namespace = "netpulse";

    public static string Tests { get; } = Path.GetDirectoryName(ThisFile())!;

    public static string Root { get; } = Path.GetFullPath(Path.Combine(Tests, "../../../deploy"));

    public static string Chart { get; } = Path.Combine(Root, "helm", "netpulse");

    public static JsonObject Read(string file) => YamlDocument.Parse(file, File.ReadAllText(file)).Root;

    /// <summary>The chart's objects, without its definitions.</summary>
    public static IReadOnlyList<JsonObject> RenderedChart(JsonObject values, string @namespace = Namespace, string release = ChartTemplate.Release) =>
    [
        .. Directory.EnumerateFiles(Path.Combine(Chart, "templates"), "*.yaml").Order(StringComparer.Ordinal)
            .SelectMany(file => Documents(file, $"\n{ChartTemplate.Render(File.ReadAllText(file), values, @namespace, release)}")),
    ];

    public static JsonObject Values(string? example = null)
    {
        var values = Read(Path.Combine(Chart, "values.yaml"));
        return example is null ? values : ChartTemplate.Over(values, Read(Path.Combine(Chart, "examples", $"{example}.yaml")));
    }

    /// <summary>What kustomize makes of a folder: resources, ConfigMaps of files (without the hash of what is in them, by which it names them), and JSON patches (RFC 6902) of what they select by kind and name. Nothing else is used.</summary>
    public static IReadOnlyList<JsonObject> Kustomized(string folder)
    {
        var file = Path.Combine(folder, "kustomization.yaml");
        var kustomization = Read(file);
        Assert.Empty(kustomization.Select(static pair => pair.Key).Except(["apiVersion", "kind", "resources", "configMapGenerator", "patches"], StringComparer.Ordinal));
        var objects = kustomization["resources"]!.AsArray().Select(static name => name!.ToString())
            .SelectMany(name => Directory.Exists(Path.Combine(folder, name)) ? Kustomized(Path.GetFullPath(Path.Combine(folder, name))) : Documents(Path.Combine(folder, name), File.ReadAllText(Path.Combine(folder, name)))).ToList();
        foreach (var generator in kustomization["configMapGenerator"] as JsonArray ?? [])
        {
            var data = new JsonObject(generator!["files"]!.AsArray().Select(static each => each!.ToString().Split('=')).Select(each => KeyValuePair.Create(each[0], (JsonNode?)File.ReadAllText(Path.Combine(folder, each[1])))));
            if (generator["behavior"]?.ToString() == "replace")
            {
                Assert.Single(objects, each => each["kind"]!.ToString() == "ConfigMap" && each["metadata"]!["name"]!.ToString() == generator["name"]!.ToString())["data"] = data;
            }
            else
            {
                var metadata = new JsonObject { ["name"] = generator["name"]!.DeepClone(), ["namespace"] = generator["namespace"]!.DeepClone(), ["labels"] = generator["options"]!["labels"]!.DeepClone() };
                objects.Add(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = metadata, ["data"] = data });
            }
        }

        foreach (var patch in kustomization["patches"] as JsonArray ?? [])
        {
            var target = Assert.Single(objects, each => each["kind"]!.ToString() == patch!["target"]!["kind"]!.ToString() && each["metadata"]!["name"]!.ToString() == patch["target"]!["name"]!.ToString());
            foreach (var operation in YamlDocument.Parse(file, $"patch:\n{patch!["patch"]}").Root["patch"]!.AsArray())
            {
                Apply(target, operation!.AsObject());
            }
        }

        return objects;
    }

    public static IReadOnlyList<JsonObject> Documents(string file, string text) =>
        [.. text.Split("\n---\n").Where(static document => document.Split('\n').Any(static line => line.Length > 0 && line[0] != '#')).Select(document => YamlDocument.Parse(file, document).Root)];

    private static void Apply(JsonObject target, JsonObject operation)
    {
        var path = operation["path"]!.ToString().Split('/')[1..];
        var parent = path[..^1].Aggregate((JsonNode)target, static (node, part) => (node is JsonArray list ? list[int.Parse(part, System.Globalization.CultureInfo.InvariantCulture)] : node[part]) ?? throw new KeyNotFoundException(part));
        switch (operation["op"]!.ToString(), parent)
        {
            case ("replace", JsonObject mapping) when mapping.ContainsKey(path[^1]):
                mapping[path[^1]] = operation["value"]!.DeepClone();
                break;
            case ("add", JsonObject mapping):
                mapping[path[^1]] = operation["value"]!.DeepClone();
                break;
            case ("add", JsonArray list) when path[^1] == "-":
                list.Add(operation["value"]!.DeepClone());
                break;
            default:
                throw new NotSupportedException(operation.ToJsonString());
        }
    }

    private static string ThisFile([CallerFilePath] string here = "") => here;
}
