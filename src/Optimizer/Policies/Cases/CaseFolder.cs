using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;

namespace NetPulse.Optimizer.Policies.Cases;

/// <summary>Runs a folder of cases with expected answers: one folder a set, one JSON or YAML file a case, by whatever name.</summary>
public static class CaseFolder
{
    private static readonly Dictionary<string, Func<string, JsonObject, (IReadOnlyList<string> Wrong, JsonArray Answers)>> Sets = new(StringComparer.Ordinal)
    {
        ["connectivity"] = VerdictCases.Run,
        ["admin"] = VerdictCases.Run,
        ["diff"] = DifferenceCases.Run,
        ["redundancy"] = RedundancyCases.Run,
        ["recommend"] = RecommendCases.Run,
        ["lint"] = LintCases.Run,
        ["validation"] = ValidationCases.Run,
    };

    private static readonly string[] Extensions = [".json", ".yaml", ".yml"];

    /// <summary>Sets that we have answers for, in the order in which they run.</summary>
    public static IReadOnlyCollection<string> KnownSets => Sets.Keys;

    /// <summary>Every case below a folder, or those of the one set that the folder is. A set of another name is answered where its cases show what they ask.</summary>
    public static IEnumerable<CaseResult> Run(string folder)
    {
        var path = Path.GetFullPath(folder).TrimEnd('/');
        if (Sets.ContainsKey(Path.GetFileName(path)))
        {
            return Files(path).Select(file => RunFile(Path.GetFileName(path), file));
        }

        var known = Sets.Keys.Where(set => Directory.Exists(Path.Combine(path, set))).SelectMany(set => Files(Path.Combine(path, set)).Select(file => RunFile(set, file)));
        var others = Directory.EnumerateDirectories(path).Where(static d => !Sets.ContainsKey(Path.GetFileName(d))).Order(StringComparer.Ordinal)
            .SelectMany(static d => Files(d)).Concat(Directory.EnumerateFiles(path).Where(IsCase).Order(StringComparer.Ordinal));
        return known.Concat(others.Where(static file => KindOf(file) is not null).Select(file => RunFile(KindOf(file)!, file, Path.GetDirectoryName(Path.GetRelativePath(path, file)) is { Length: > 0 } set ? set : null)));
    }

    private static IEnumerable<string> Files(string folder) => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(IsCase).Order(StringComparer.Ordinal);

    private static bool IsCase(string file) => Extensions.Contains(Path.GetExtension(file));

    /// <summary>The set that a case belongs to, by its fields; null where they are those of none.</summary>
    private static string? KindOf(string file)
    {
        try
        {
            var root = Parse(file);
            return root.ContainsKey("lint") ? "lint"
                : root.ContainsKey("policy") && root.ContainsKey("valid") ? "validation"
                : root.ContainsKey("old") && root.ContainsKey("new") ? "diff"
                : root.ContainsKey("flows") && root.ContainsKey("expected") ? "recommend"
                : root.ContainsKey("policies") && root["expected"] is JsonArray ? "redundancy"
                : root.ContainsKey("policies") && root.ContainsKey("probes") ? "connectivity"
                : null;
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException or ObjectFileException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static JsonObject Parse(string file)
    {
        var text = File.ReadAllText(file);
        return Path.GetExtension(file) == ".json" ? JsonNode.Parse(text)!.AsObject() : YamlDocument.Parse(file, text).Root;
    }

    /// <summary>A case that cannot be read has failed.</summary>
    /// <param name="name">The set's own; null for the usual one.</param>
    private static CaseResult RunFile(string set, string file, string? name = null)
    {
        var id = Path.GetFileNameWithoutExtension(file);
        try
        {
            var root = Parse(file);
            id = root["id"]?.GetValue<string>() ?? id;
            var (wrong, answers) = Sets[set](file, root);
            return new CaseResult(name ?? set, id, wrong, answers);
        }
#pragma warning disable CA1031 // Whatever is wrong with one case, the others are still run.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new CaseResult(name ?? set, id, [$"cannot be read: {e.Message}"], []);
        }
    }
}
