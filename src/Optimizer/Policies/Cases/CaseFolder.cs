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

    /// <summary>Every case below a folder, or those of the one set that the folder is.</summary>
    public static IEnumerable<CaseResult> Run(string folder)
    {
        var path = Path.GetFullPath(folder);
        foreach (var set in Sets.Keys)
        {
            var files = Path.GetFileName(path) == set ? path : Path.Combine(path, set);
            foreach (var file in Directory.Exists(files) ? Directory.GetFiles(files, "*", SearchOption.AllDirectories).Where(static f => Extensions.Contains(Path.GetExtension(f))).Order(StringComparer.Ordinal).ToArray() : [])
            {
                yield return RunFile(set, file);
            }
        }
    }

    /// <summary>A case that cannot be read has failed.</summary>
    private static CaseResult RunFile(string set, string file)
    {
        var id = Path.GetFileNameWithoutExtension(file);
        try
        {
            var text = File.ReadAllText(file);
            var root = Path.GetExtension(file) == ".json" ? JsonNode.Parse(text)!.AsObject() : YamlDocument.Parse(file, text).Root;
            id = root["id"]?.GetValue<string>() ?? id;
            var (wrong, answers) = Sets[set](file, root);
            return new CaseResult(set, id, wrong, answers);
        }
#pragma warning disable CA1031 // Whatever is wrong with one case, the others are still run.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new CaseResult(set, id, [$"cannot be read: {e.Message}"], []);
        }
    }
}
