using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NetPulse.ApiServer;

/// <summary>The kinds that every API server has, as far as we use them.</summary>
internal static partial class BuiltIn
{
    public static readonly ServedResource Namespaces = new("", "v1", "namespaces", "Namespace", false) { HasStatus = true, Check = CheckNamespace, ShortNames = ["ns"] };

    public static readonly ServedResource Definitions = new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", false) { HasStatus = true, HasGeneration = true, ShortNames = ["crd"] };

    public static readonly IReadOnlyList<ServedResource> All =
    [
        Namespaces,
        Definitions,
        new("", "v1", "pods", "Pod", true) { HasStatus = true, ShortNames = ["po"] },
        new("", "v1", "nodes", "Node", false) { HasStatus = true, ShortNames = ["no"] },
        new("", "v1", "services", "Service", true) { HasStatus = true, Schema = Schema.Embedded("services"), ShortNames = ["svc"] },
        new("", "v1", "configmaps", "ConfigMap", true) { Schema = Schema.Embedded("configmaps"), ShortNames = ["cm"] },
        new("", "v1", "secrets", "Secret", true),
        new("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", true) { HasGeneration = true },
        new("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", true) { HasGeneration = true, Schema = Schema.Embedded("networkpolicies"), Check = CheckNetworkPolicy, ShortNames = ["netpol"] },
        new("coordination.k8s.io", "v1", "leases", "Lease", true) { Schema = Schema.Embedded("leases"), Check = CheckLease },
        new("events.k8s.io", "v1", "events", "Event", true) { Schema = Schema.Embedded("events"), Check = CheckEvent, IsCached = false, ShortNames = ["ev"] },
    ];

    /// <summary>MicroTime is read while decoding: a bad one is 400, not 422.</summary>
    public static void DemandMicroTimes(ServedResource resource, JsonObject value)
    {
        foreach (var text in new[] { value["spec"]?["renewTime"], value["spec"]?["acquireTime"], value["eventTime"], value["series"]?["lastObservedTime"] }.Select(static n => n.Text()).Where(static t => t.Length > 0))
        {
            if (resource.Plural is "leases" or "events" && !MicroTime().IsMatch(text))
            {
                throw RefusalException.BadRequest($"{resource.Kind} in version \"{resource.Version}\" cannot be handled as a {resource.Kind}: parsing time \"{text}\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"{text}\"");
            }
        }
    }

    private static void CheckNamespace(JsonObject value, JsonObject? stored, List<Cause> causes)
    {
        value["metadata"]!["labels"] ??= new JsonObject();
        value["metadata"]!["labels"]!["kubernetes.io/metadata.name"] = value["metadata"]!["name"].Text();
        value["status"] ??= new JsonObject { ["phase"] = "Active" };
    }

    private static void CheckLease(JsonObject value, JsonObject? stored, List<Cause> causes)
    {
        if (value["spec"]?["leaseDurationSeconds"] is { } seconds && seconds.Number() <= 0)
        {
            causes.Add(Cause.Invalid("spec.leaseDurationSeconds", $"{seconds.Number()}", "must be greater than 0"));
        }

        if (value["spec"]?["leaseTransitions"] is { } transitions && transitions.Number() < 0)
        {
            causes.Add(Cause.Invalid("spec.leaseTransitions", $"{transitions.Number()}", "must be greater than or equal to 0"));
        }

        foreach (var field in new[] { "renewTime", "acquireTime" })
        {
            if (value["spec"]?[field].Text() is { Length: > 0 } text)
            {
                value["spec"]![field] = DateTimeOffset.Parse(text, CultureInfo.InvariantCulture).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
            }
        }
    }

    private static void CheckEvent(JsonObject value, JsonObject? stored, List<Cause> causes)
    {
        if (stored is null)
        {
            foreach (var field in new[] { "eventTime", "action", "reportingController", "reportingInstance", "reason" })
            {
                if (value[field].Text().Length == 0)
                {
                    causes.Add(Cause.Required(field));
                }
            }

            if (value["type"].Text() is not ("Normal" or "Warning"))
            {
                causes.Add(new Cause("type", "FieldValueInvalid", $"Invalid value: \"\": has invalid value: {value["type"].Text()}"));
            }

            // Go's length: bytes.
            if (Encoding.UTF8.GetByteCount(value["note"].Text()) > 1024)
            {
                causes.Add(new Cause("message", "FieldValueInvalid", "Invalid value: \"\": can have at most 1024 characters"));
            }

            return;
        }

        foreach (var (field, before) in stored.Where(static p => p.Key is not ("series" or "metadata")))
        {
            if (!JsonNode.DeepEquals(before, value[field]))
            {
                // A real server lists it twice as well.
                var cause = Cause.Invalid(field, value[field]?.ToJsonString(Json.Plain) ?? "null", "field is immutable");
                causes.AddRange([cause, cause]);
            }
        }
    }

    private static void CheckNetworkPolicy(JsonObject value, JsonObject? stored, List<Cause> causes)
    {
        value["spec"] ??= new JsonObject();
        var spec = value["spec"]!.AsObject();
        spec["podSelector"] ??= new JsonObject();
        foreach (var (rules, peers) in new[] { ("ingress", "from"), ("egress", "to") })
        {
            if (spec[rules] is not JsonArray list || list.Count == 0)
            {
                spec.Remove(rules);
                continue;
            }

            for (var i = 0; i < list.Count; i++)
            {
                CheckRule(list[i]!.AsObject(), $"spec.{rules}[{i}]", peers, causes);
            }
        }

        if (spec["policyTypes"] is not JsonArray { Count: > 0 } types)
        {
            spec["policyTypes"] = spec.ContainsKey("egress") ? new JsonArray("Ingress", "Egress") : new JsonArray("Ingress");
            return;
        }

        for (var i = 0; i < types.Count; i++)
        {
            if (types[i].Text() is not ("Ingress" or "Egress"))
            {
                causes.Add(Cause.Unsupported($"spec.policyTypes[{i}]", types[i].Text(), "\"Ingress\", \"Egress\""));
            }
        }
    }

    private static void CheckRule(JsonObject rule, string path, string peers, List<Cause> causes)
    {
        foreach (var field in new[] { peers, "ports" })
        {
            if (rule[field] is not JsonArray { Count: > 0 })
            {
                rule.Remove(field);
            }
        }

        var ports = rule["ports"] as JsonArray ?? [];
        for (var i = 0; i < ports.Count; i++)
        {
            var port = ports[i]!.AsObject();
            port["protocol"] ??= "TCP";
            if (port["protocol"].Text() is not ("TCP" or "UDP" or "SCTP"))
            {
                causes.Add(Cause.Unsupported($"{path}.ports[{i}].protocol", port["protocol"].Text(), "\"TCP\", \"UDP\", \"SCTP\""));
            }

            if (port["port"] is JsonValue number && number.GetValueKind() == System.Text.Json.JsonValueKind.Number && number.Number() is < 1 or > 65535)
            {
                causes.Add(Cause.Invalid($"{path}.ports[{i}].port", $"{port["port"].Number()}", "must be between 1 and 65535, inclusive"));
            }
        }

        var list = rule[peers] as JsonArray ?? [];
        for (var i = 0; i < list.Count; i++)
        {
            var peer = list[i]!.AsObject();
            if (peer.Count == 0)
            {
                causes.Add(Cause.Required($"{path}.{peers}[{i}]", "must specify a peer"));
            }
            else if (peer.ContainsKey("ipBlock") && peer.Count > 1)
            {
                causes.Add(new Cause($"{path}.{peers}[{i}]", "FieldValueForbidden", "Forbidden: may not specify both ipBlock and another peer"));
            }
            else if (peer["ipBlock"] is JsonObject block && block["cidr"].Text() is var cidr && !Cidr().IsMatch(cidr))
            {
                causes.Add(Cause.Invalid($"{path}.{peers}[{i}].ipBlock.cidr", $"\"{cidr}\"", "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"));
            }
        }
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)$")]
    private static partial Regex MicroTime();

    [GeneratedRegex(@"^(\d{1,3}(\.\d{1,3}){3}/([0-9]|[12][0-9]|3[0-2])|[0-9a-fA-F:]+/\d{1,3})$")]
    private static partial Regex Cidr();
}
