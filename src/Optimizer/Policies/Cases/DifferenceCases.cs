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
            var (before, after) = (probe.Ask(old), probe.Ask(@new));
            var change = (before.IsAllowed, after.IsAllowed) switch
            {
                (false, true) => "added",
                (true, false) => "removed",
                _ => "unchanged",
            };
            if ((before.IsAllowed, after.IsAllowed, change) != (probe.Old, probe.New, probe.Change))
            {
                wrong.Add($"{probe}: expected {probe.Change}; found {change}: old {before}; new {after}");
            }

            var answer = (JsonObject)stated!.DeepClone();
            (answer["old"], answer["new"], answer["change"]) = (before.IsAllowed, after.IsAllowed, change);
            answers.Add(answer);
        }

        return (wrong, answers);
    }
}
