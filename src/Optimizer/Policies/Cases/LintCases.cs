using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Checks;

namespace NetPulse.Optimizer.Policies.Cases;

/// <summary>The set <c>lint</c>: whether one check finds something.</summary>
internal static class LintCases
{
    public static (IReadOnlyList<string> Wrong, JsonArray Answers) Run(string file, JsonObject root)
    {
        var id = root["lint"]!.GetValue<string>();
        var isExpected = root["expectFinding"]!.GetValue<bool>();
        var evidence = Evidence(file, root);
        var result = Doctor.Examine(evidence).FirstOrDefault(r => r.Check.Id == id);
        var wrong = result switch
        {
            null => [$"there is no check {id}"],
            { IsUnknown: true } when isExpected => [$"{id} is unknown: it would need {string.Join(", ", result.Missing)}"],
            { Findings.IsEmpty: true } when isExpected => [$"{id} finds nothing: {result.Check.Problem}"],
            { Findings: [var finding, ..] } when !isExpected => [$"{id} finds {finding.Object} {finding.Path}: {finding.Seen}"],
            _ => (IReadOnlyList<string>)[],
        };
        return (wrong, [new JsonObject
        {
            ["lint"] = id,
            ["finding"] = result is { Findings.IsEmpty: false },
            ["unknown"] = result?.IsUnknown ?? true,
            ["findings"] = new JsonArray([.. (result?.Findings ?? []).Select(static f => new JsonObject
            {
                ["object"] = f.Object,
                ["path"] = f.Path,
                ["seen"] = f.Seen,
                ["fix"] = f.Fix,
                ["patch"] = new JsonArray([.. f.Patch.Select(static p => p.ToJson())]),
            })]),
        }]);
    }

    private static ClusterEvidence Evidence(string file, JsonObject root)
    {
        var inventory = root["inventory"] as JsonObject ?? [];
        var kind = $"{root["kind"]}";
        var objects = (root["objects"] as JsonArray ?? []).OfType<JsonNode>().ToList();
        IEnumerable<JsonObject> stated = kind == "manifests" ? objects.OfType<JsonObject>() : [];
        return new ClusterEvidence(stated.Concat(Inventory(inventory)).Select(o => ManifestObject.OfJson(file, (JsonObject)o.DeepClone())))
        {
            CniConfigurations = kind == "conflist" ? [.. objects.Select((o, i) => new CniConfigurationFile("", string.Create(CultureInfo.InvariantCulture, $"{10 + i}-case.conflist"), Text(o)))] : [],
            Corefiles = kind == "corefile" ? [.. objects.Select(static o => new CorefileText("Corefile", Text(o)))] : [],
            PodBlock = Block(inventory["podCIDR"]),
            ServiceBlock = Block(inventory["serviceCIDR"]),
        };
    }

    private static string Text(JsonNode node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : node.ToJsonString();

    private static Cidr? Block(JsonNode? text) => Cidr.TryParse($"{text}", out var block) ? block : null;

    /// <summary>The short form of case files as the objects that it stands for.</summary>
    private static IEnumerable<JsonObject> Inventory(JsonObject inventory)
    {
        foreach (var space in Items(inventory["namespaces"]))
        {
            yield return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = Copy(space["name"]), ["labels"] = Copy(space["labels"]) ?? new JsonObject() } };
        }

        foreach (var node in Items(inventory["nodes"]))
        {
            yield return new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Node",
                ["metadata"] = new JsonObject { ["name"] = Copy(node["name"]), ["labels"] = Copy(node["labels"]) ?? new JsonObject() },
                ["status"] = new JsonObject { ["addresses"] = new JsonArray(new JsonObject { ["type"] = "InternalIP", ["address"] = Copy(node["ip"]) }) },
            };
        }

        foreach (var pod in Items(inventory["pods"]))
        {
            yield return new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Pod",
                ["metadata"] = new JsonObject { ["name"] = Copy(pod["name"]), ["namespace"] = Copy(pod["ns"]), ["labels"] = Copy(pod["labels"]) ?? new JsonObject(), ["annotations"] = Copy(pod["annotations"]) ?? new JsonObject() },
                ["spec"] = new JsonObject
                {
                    ["nodeName"] = Copy(pod["node"]) ?? "",
                    ["hostNetwork"] = Copy(pod["hostNetwork"]) ?? false,
                    ["containers"] = new JsonArray(new JsonObject
                    {
                        ["name"] = "c",
                        ["ports"] = new JsonArray([.. Items(pod["ports"]).Select(static p => Without(new JsonObject
                        {
                            ["name"] = Copy(p["name"]),
                            ["containerPort"] = Copy(p["port"]),
                            ["protocol"] = Copy(p["proto"]),
                            ["hostPort"] = Copy(p["hostPort"]),
                        }))]),
                    }),
                },
                ["status"] = new JsonObject { ["podIP"] = Copy(pod["ip"]) ?? "", ["podIPs"] = new JsonArray([.. (pod["ips"] as JsonArray ?? []).Select(static ip => new JsonObject { ["ip"] = Copy(ip) })]) },
            };
        }

        foreach (var service in Items(inventory["services"]))
        {
            yield return new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Service",
                ["metadata"] = new JsonObject { ["name"] = Copy(service["name"]), ["namespace"] = Copy(service["ns"]) },
                ["spec"] = Without(new JsonObject
                {
                    ["type"] = Copy(service["type"]),
                    ["externalTrafficPolicy"] = Copy(service["externalTrafficPolicy"]),
                    ["clusterIP"] = Copy(service["clusterIP"]),
                    ["selector"] = Copy(service["selector"]),
                    ["ports"] = new JsonArray([.. Items(service["ports"]).Select(static p => Without(new JsonObject
                    {
                        ["name"] = Copy(p["name"]), ["port"] = Copy(p["port"]), ["targetPort"] = Copy(p["targetPort"]), ["protocol"] = Copy(p["proto"] ?? p["protocol"]), ["nodePort"] = Copy(p["nodePort"]),
                    }))]),
                }),
            };
        }
    }

    private static IEnumerable<JsonObject> Items(JsonNode? list) => (list as JsonArray ?? []).OfType<JsonObject>();

    private static JsonNode? Copy(JsonNode? node) => node?.DeepClone();

    private static JsonObject Without(JsonObject fields)
    {
        foreach (var absent in fields.Where(static f => f.Value is null).Select(static f => f.Key).ToImmutableArray())
        {
            fields.Remove(absent);
        }

        return fields;
    }
}
