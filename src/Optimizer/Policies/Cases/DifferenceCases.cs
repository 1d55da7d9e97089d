using System.Text.Json;
using System.Text.Json.Nodes;

namespace NetPulse.Optimizer.Policies.Cases;

/// <summary>The set <c>diff</c>: what a change of policies opens and closes.</summary>
internal static class DifferenceCases
{
    public static (IReadOnlyList<string> Wrong, JsonArray Answers) Run(string file, JsonObject root)
    {
        var old = PolicyEngine.Build(CaseCluster.Read(file, root["old"]!.AsObject()));
        var @new = PolicyEngine.Build(CaseCluster.Read(file, root["new"]!.AsObject()));
        var wrong = new List<string>();
        var answers = new JsonArray();
        foreach (var stated in root["probes"]!.AsArray())
        {
            var probe = stated.Deserialize<Probe>(CaseCluster.Json)!;
            var (before, after) = (Ask(probe, old), Ask(probe, @new));
            var (could, can) = (before is { IsAllowed: true }, after is { IsAllowed: true });
            var change = (could, can) switch
            {
                (false, true) => "added",
                (true, false) => "removed",
                _ => "unchanged",
            };
            if ((could, can, change) != (probe.Old, probe.New, probe.Change))
            {
                wrong.Add($"{probe}: expected {probe.Change}; found {change}: old {before}; new {after}");
            }

            var answer = (JsonObject)stated!.DeepClone();
            (answer["old"], answer["new"], answer["change"]) = (could, can, change);
            answers.Add(answer);
        }

        return (wrong, answers);
    }

    /// <summary>Null where one of the two pods is not there: nobody connects.</summary>
    private static Verdict? Ask(Probe probe, PolicyEngine engine) =>
        new[] { probe.From, probe.To }.Any(pod => pod is not null && engine.PodNamed(pod) is null) ? null : probe.Ask(engine);
}
