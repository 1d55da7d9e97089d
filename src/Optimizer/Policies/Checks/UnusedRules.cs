using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>Rules that no observed flow needed.</summary>
internal static class UnusedRules
{
    public static IEnumerable<Finding> Find(ClusterEvidence evidence)
    {
        var flows = evidence.Flows!.Value;
        var used = new HashSet<RuleReference>();
        foreach (var flow in flows)
        {
            if (TransportProtocolText.Parse(flow.Protocol) is { } protocol && Party(evidence, flow.Source) is { } source && Party(evidence, flow.Destination) is { } destination)
            {
                var verdict = evidence.Engine.Ask(source, destination, protocol, flow.DestinationPort);
                used.UnionWith(verdict.Egress.Rules);
                used.UnionWith(verdict.Ingress.Rules);
            }
        }

        var window = flows.IsEmpty ? "no flow was seen at all" : $"of {flows.Length} flows from {flows.Min(static f => f.FirstSeen):yyyy-MM-dd HH:mm}Z to {flows.Max(static f => f.LastSeen):yyyy-MM-dd HH:mm}Z none";
        return from rule in evidence.Rules()
               where !used.Contains(rule.Reference)
               select NetworkPolicyTextChecks.At(rule, rule.Path, window, "remove it once the window is long enough for what happens seldom", PatchOperation.Remove(rule.Path));
    }

    internal static Party? Party(ClusterEvidence evidence, in FlowEnd end) => end.Pod.Length > 0 ? evidence.Engine.PodNamed(end.Pod) : evidence.Engine.At(end.Address!.Value);
}
