using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>Rules that no observed flow needed.</summary>
internal static class UnusedRules
{
    public static IEnumerable<Finding> Find(ClusterEvidence evidence)
    {
        var use = ObservedUse.Of(evidence.Engine, evidence.Flows!.Value, null);
        var unused = use.Rules.Where(static r => r.LastUsed is null).Select(static r => r.Rule).ToHashSet();
        var window = use.Window.Flows == 0 ? "no flow was seen at all" : $"of {use.Window.Flows} flows from {use.Window.From:yyyy-MM-dd HH:mm}Z to {use.Window.To:yyyy-MM-dd HH:mm}Z none";
        return from rule in evidence.Rules()
               where unused.Contains(rule.Reference)
               select NetworkPolicyTextChecks.At(rule, rule.Path, window, "remove it once the window is long enough for what happens seldom", PatchOperation.Remove(rule.Path));
    }
}
