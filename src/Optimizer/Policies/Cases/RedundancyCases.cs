using System.Text.Json.Nodes;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Policies.Cases;

/// <summary>The set <c>redundancy</c>: what could be deleted without changing a verdict.</summary>
internal static class RedundancyCases
{
    public static (IReadOnlyList<string> Wrong, JsonArray Answers) Run(string file, JsonObject root)
    {
        var found = Redundancy.Find(PolicyEngine.Build(CaseCluster.Read(file, root)));
        var wrong = new List<string>();
        var answers = new JsonArray();
        foreach (var expected in root["expected"]!.AsArray().Select(static e => e!.AsObject()))
        {
            var name = expected["policy"]!.GetValue<string>();
            if (found.FirstOrDefault(use => Name(use.Policy) == name) is not { } use)
            {
                wrong.Add($"{name}: expected to be read; found no such policy");
                continue;
            }

            var answer = Answer(use);
            answers.Add(answer);
            foreach (var (field, value) in expected)
            {
                if (field == "rules")
                {
                    wrong.AddRange(WrongRules(name, value!.AsArray(), answer["rules"]!.AsArray()));
                }
                else if (!Same(field, value, answer[field]))
                {
                    wrong.Add($"{name}: expected {field} {value?.ToJsonString()}; found {answer[field]?.ToJsonString()}");
                }
            }
        }

        return (wrong, answers);
    }

    private static IEnumerable<string> WrongRules(string name, JsonArray expected, JsonArray answer)
    {
        foreach (var rule in expected)
        {
            var found = answer.FirstOrDefault(a => JsonNode.DeepEquals(a!["direction"], rule!["direction"]) && JsonNode.DeepEquals(a["index"], rule["index"]));
            if (!JsonNode.DeepEquals(found, rule))
            {
                yield return $"{name}: expected {rule?.ToJsonString()}; found {found?.ToJsonString()}";
            }
        }
    }

    private static bool Same(string field, JsonNode? expected, JsonNode? found) => field == "selectsPods" && expected is JsonArray pods && found is JsonArray ours
        ? pods.Select(static p => p!.GetValue<string>()).Order(StringComparer.Ordinal).SequenceEqual(ours.Select(static p => p!.GetValue<string>()).Order(StringComparer.Ordinal))
        : JsonNode.DeepEquals(expected, found);

    private static JsonObject Answer(PolicyUse use) => new()
    {
        ["policy"] = Name(use.Policy),
        ["selectsPods"] = new JsonArray([.. use.Selects.Select(static p => JsonValue.Create(p))]),
        ["removable"] = use.IsRemovable,
        ["rules"] = new JsonArray([.. use.Rules.Select(static rule => new JsonObject
        {
            ["direction"] = rule.Rule.Direction.ToString(),
            ["index"] = rule.Rule.Index,
            ["active"] = rule.IsActive,
            ["redundant"] = rule.IsRedundant,
            ["podsPerPeer"] = new JsonArray([.. rule.PodsOfPeers.Select(static pods => pods is { } count ? JsonValue.Create(count) : JsonValue.Create("ipBlock"))]),
        })]),
    };

    private static string Name(PolicyReference policy) => policy.Namespace.Length == 0 ? policy.Name : $"{policy.Namespace}/{policy.Name}";
}
