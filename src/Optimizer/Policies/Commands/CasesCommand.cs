using System.Text.Json;
using System.Text.Json.Nodes;
using NetPulse.Optimizer.Policies.Cases;

namespace NetPulse.Optimizer.Policies.Commands;

/// <summary><c>policies cases DIR [--out FILE]</c>: prints each wrong answer with its explanation, then how many passed in each set.</summary>
internal static class CasesCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static async Task<int> RunAsync(Arguments arguments, TextWriter output)
    {
        var file = arguments.Option("--out");
        var folder = arguments.Required("the folder of cases");
        arguments.End();
        if (!Directory.Exists(folder))
        {
            throw new UsageException($"{folder} is no folder");
        }

        List<CaseResult> results = [.. CaseFolder.Run(folder)];
        foreach (var result in results.Where(static r => !r.IsPassed))
        {
            await output.WriteLineAsync($"wrong: {result.Set}/{result.Id}");
            foreach (var line in result.Wrong)
            {
                await output.WriteLineAsync($"  {line}");
            }
        }

        var sets = results.GroupBy(static r => r.Set, StringComparer.Ordinal).ToList();
        foreach (var set in sets)
        {
            await output.WriteLineAsync($"{set.Key}: {set.Count(static r => r.IsPassed)} passed, {set.Count(static r => !r.IsPassed)} failed");
        }

        var answered = CaseFolder.KnownSets.Concat(results.Select(static r => r.Set.Split('/')[0])).ToHashSet(StringComparer.Ordinal);
        var below = CaseFolder.KnownSets.Contains(Path.GetFileName(Path.GetFullPath(folder).TrimEnd('/'))) ? Enumerable.Empty<string>() : Directory.EnumerateDirectories(folder).Select(static d => Path.GetFileName(d));
        foreach (var unknown in below.Where(d => !answered.Contains(d)).Order(StringComparer.Ordinal))
        {
            await output.WriteLineAsync($"{unknown}: not run, there are no answers for this set yet");
        }

        await output.WriteLineAsync($"{results.Count(static r => r.IsPassed)} passed, {results.Count(static r => !r.IsPassed)} failed");
        if (file is not null)
        {
            await File.WriteAllTextAsync(file, Report(sets, results).ToJsonString(Indented));
        }

        return results.Count > 0 && results.TrueForAll(static r => r.IsPassed) ? 0 : 1;
    }

    private static JsonObject Report(List<IGrouping<string, CaseResult>> sets, List<CaseResult> results) => new()
    {
        ["sets"] = new JsonObject(sets.Select(static s => KeyValuePair.Create<string, JsonNode?>(s.Key, new JsonObject
        {
            ["passed"] = s.Count(static r => r.IsPassed),
            ["failed"] = s.Count(static r => !r.IsPassed),
        }))),
        ["cases"] = new JsonArray([.. results.Select(static r => new JsonObject
        {
            ["set"] = r.Set,
            ["id"] = r.Id,
            ["passed"] = r.IsPassed,
            ["wrong"] = new JsonArray([.. r.Wrong.Select(static w => JsonValue.Create(w))]),
            ["answers"] = r.Answers,
        })]),
    };
}
