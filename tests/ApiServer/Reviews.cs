using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace NetPulse.ApiServer;

/// <summary>Questions about tokens and roles.</summary>
internal static class Reviews
{
    /// <returns><see langword="null"/> for other paths.</returns>
    public static JsonObject? Answer(
        string path, string user, JsonObject body, ConcurrentDictionary<string, string> tokens, IReadOnlyCollection<(string Verb, string Group, string Resource)> granted, ConcurrentDictionary<(string Verb, string Resource), bool> denied)
    {
        if (path == "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews")
        {
            // Recorded: auth/ssrr. Where a test has given no roles, some authorizer cannot list its rules.
            return With(body, new JsonObject
            {
                ["resourceRules"] = new JsonArray(
                [
                    .. from rule in granted
                       where !denied.ContainsKey((rule.Verb, rule.Resource))
                       select new JsonObject { ["verbs"] = new JsonArray(rule.Verb), ["apiGroups"] = new JsonArray(rule.Group), ["resources"] = new JsonArray(rule.Resource) },
                ]),
                ["nonResourceRules"] = new JsonArray(),
                ["incomplete"] = granted.Count == 0,
            });
        }

        if (path == "/apis/authentication.k8s.io/v1/tokenreviews")
        {
            var known = tokens.TryGetValue(body["spec"]!["token"].Text(), out var owner);
            return With(body, known
                ? new JsonObject { ["authenticated"] = true, ["user"] = new JsonObject { ["username"] = owner, ["groups"] = new JsonArray("system:authenticated") } }
                : new JsonObject { ["user"] = new JsonObject(), ["error"] = "[invalid bearer token]" });
        }

        if (path is "/apis/authorization.k8s.io/v1/subjectaccessreviews" or "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
        {
            if (body["spec"]!["nonResourceAttributes"] is { } place)
            {
                return With(body, new JsonObject { ["allowed"] = !denied.ContainsKey((place["verb"].Text(), place["path"].Text())) });
            }

            var asked = body["spec"]!["resourceAttributes"]!;
            var resource = asked["subresource"].Text() is { Length: > 0 } sub ? $"{asked["resource"].Text()}/{sub}" : asked["resource"].Text();
            var who = body["spec"]!["user"].Text() is { Length: > 0 } named ? named : user;
            return With(body, new JsonObject { ["allowed"] = who != "system:anonymous" && !denied.ContainsKey((asked["verb"].Text(), resource)) });
        }

        return null;
    }

    private static JsonObject With(JsonObject body, JsonObject status)
    {
        var answer = body.DeepClone().AsObject();
        answer["metadata"] = new JsonObject { ["creationTimestamp"] = null };
        answer["status"] = status;
        return answer;
    }
}
