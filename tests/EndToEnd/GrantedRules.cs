using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Files;

namespace NetPulse.EndToEnd;

/// <summary>What the roles of a manifest in deploy/ allow.</summary>
internal sealed class GrantedRules
{
    private readonly HashSet<(string Verb, string Group, string Resource)> granted;

    /// <param name="file">Below deploy/kustomize.</param>
    public GrantedRules(string file)
    {
        var path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../deploy/kustomize", file));
        granted =
        [
            .. from document in File.ReadAllText(path).Split("\n---\n")
               let role = YamlDocument.Parse(path, document).Root
               where role["kind"]!.ToString() is "Role" or "ClusterRole"
               from rule in role["rules"]!.AsArray().OfType<JsonObject>()
               from verb in Texts(rule["verbs"])
               from @group in Texts(rule["apiGroups"])
               from resource in Texts(rule["resources"])
               select (verb, @group, resource),
        ];
    }

    public IReadOnlyCollection<(string Verb, string Group, string Resource)> All => granted;

    /// <summary>What was asked for and is not allowed, each once; what we ourselves may, everybody may ask.</summary>
    public IEnumerable<string> Lacking(IEnumerable<SeenRequest> requests) =>
        requests.Select(Asked).Distinct().Where(asked => asked.Resource != "selfsubjectrulesreviews" && !granted.Contains(asked)).Select(static asked => $"{asked.Verb} {asked.Resource} ({asked.Group})");

    /// <returns>The verb on the resource, as a role names them.</returns>
    /// <remarks><c>/apis/GROUP/VERSION/namespaces/NS/RESOURCE/NAME/SUBRESOURCE?QUERY</c> and the shorter ones.</remarks>
    public static (string Verb, string Group, string Resource) Asked(SeenRequest request)
    {
        var query = request.Target.Contains('?', StringComparison.Ordinal) ? request.Target[(request.Target.IndexOf('?', StringComparison.Ordinal) + 1)..] : "";
        var parts = request.Target.Split('?')[0].Split('/', StringSplitOptions.RemoveEmptyEntries);
        var (group, rest) = parts[0] == "api" ? ("", parts[2..]) : (parts[1], parts[3..]);
        if (rest is ["namespaces", _, _, ..])
        {
            rest = rest[2..];
        }

        var verb = request.Method switch
        {
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => "delete",
            _ => rest.Length > 1 ? "get" : query.Contains("watch=1", StringComparison.Ordinal) ? "watch" : "list",
        };
        return (verb, group, rest.Length > 2 ? $"{rest[0]}/{rest[2]}" : rest[0]);
    }

    private static IEnumerable<string> Texts(JsonNode? list) => (list as JsonArray ?? []).Select(static each => each!.ToString());

    private static string ThisFile([CallerFilePath] string here = "") => here;
}
