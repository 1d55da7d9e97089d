using System.Text.Json;
using System.Text.Json.Nodes;

namespace NetPulse.Optimizer.Policies.Cases;

/// <summary>The sets <c>connectivity</c> and <c>admin</c>: may this one talk to that one, and what does each side say.</summary>
internal static class VerdictCases
{
    public static (IReadOnlyList<string> Wrong, JsonArray Answers) Run(string file, JsonObject root)
    {
        var engine = PolicyEngine.Build(CaseCluster.Read(file, root));
        var wrong = new List<string>();
        var answers = new JsonArray();
        foreach (var stated in root["probes"]!.AsArray())
        {
            var probe = stated.Deserialize<Probe>(CaseCluster.Json)!;
            var verdict = probe.Ask(engine);
            if ((verdict.IsAllowed, verdict.Egress.IsAllowed, verdict.Ingress.IsAllowed) != (probe.Allowed, probe.Egress, probe.Ingress))
            {
                wrong.Add($"{probe}: expected egress {probe.Egress}, ingress {probe.Ingress} ({probe.Why}); found {verdict}");
            }

            var answer = (JsonObject)stated!.DeepClone();
            (answer["allowed"], answer["egress"], answer["ingress"], answer["why"]) = (verdict.IsAllowed, verdict.Egress.IsAllowed, verdict.Ingress.IsAllowed, verdict.ToString());
            answers.Add(answer);
        }

        return (wrong, answers);
    }
}
