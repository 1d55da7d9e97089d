using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Validation;

namespace NetPulse.Optimizer.Policies.Cases;

/// <summary>The set <c>validation</c>: what the API server would reject, and in which words.</summary>
internal static class ValidationCases
{
    public static (IReadOnlyList<string> Wrong, JsonArray Answers) Run(string file, JsonObject root)
    {
        var stated = ManifestObject.OfJson(file, Generated((JsonObject)root["policy"]!.DeepClone()));
        var faults = Faults(stated);
        var wrong = new List<string>();
        var isValid = root["valid"]!.GetValue<bool>();
        if (isValid != (faults.Count == 0))
        {
            wrong.Add($"expected {(isValid ? "to be accepted" : "to be rejected")}; found {(faults.Count == 0 ? "nothing wrong" : string.Join("; ", faults))}");
        }

        foreach (var error in root["errors"] as JsonArray ?? [])
        {
            var (field, words) = (error!["field"]!.GetValue<string>(), error["contains"]?.GetValue<string>() ?? "");
            if (!faults.Exists(f => f.Field == field && f.Problem.Contains(words, StringComparison.Ordinal)))
            {
                wrong.Add($"expected {field}: {words}; found {(faults.Count == 0 ? "nothing wrong" : string.Join("; ", faults))}");
            }
        }

        return (wrong, [new JsonObject
        {
            ["valid"] = faults.Count == 0,
            ["errors"] = Texts(faults),
            ["warnings"] = Texts(faults.Count == 0 && stated.Kind == nameof(NetworkPolicy) ? NetworkPolicyValidation.Warnings(stated.Read<NetworkPolicy>()) : []),
        }]);
    }

    /// <summary>With the name that the API server would make of <c>generateName</c>.</summary>
    private static JsonObject Generated(JsonObject policy)
    {
        if (policy["metadata"] is JsonObject metadata && metadata["name"] is null && metadata["generateName"] is { } prefix)
        {
            metadata["name"] = $"{prefix}5xkcd";
        }

        return policy;
    }

    private static JsonArray Texts(IEnumerable<PolicyFault> faults) =>
        new([.. faults.Select(static f => new JsonObject { ["field"] = f.Field, ["problem"] = f.Problem })]);

    private static List<PolicyFault> Faults(ManifestObject stated)
    {
        try
        {
            return stated.Kind switch
            {
                nameof(AdminNetworkPolicy) => [.. AdminPolicyValidation.Of(stated.Read<AdminNetworkPolicy>())],
                nameof(BaselineAdminNetworkPolicy) => [.. AdminPolicyValidation.Of(stated.Read<BaselineAdminNetworkPolicy>())],
                nameof(ClusterNetworkPolicy) => [.. AdminPolicyValidation.Of(stated.Read<ClusterNetworkPolicy>())],
                _ => [.. NetworkPolicyValidation.Of(stated.Read<NetworkPolicy>())],
            };
        }
        catch (ObjectFileException e)
        {
            // An object without a name cannot be read at all.
            return [e.Field is "metadata" or "metadata.name" ? PolicyFault.Required("metadata.name", "name or generateName is required") : new PolicyFault(e.Field, e.Problem)];
        }
    }
}
