using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>Rules that name pods which the other side's policies do not let through.</summary>
internal static class OneSided
{
    public static IEnumerable<Finding> Find(ClusterEvidence evidence)
    {
        foreach (var rule in evidence.Rules())
        {
            foreach (var (peer, i) in rule.Peers.Select(static (p, i) => (p, i)).Where(static p => p.p.PodSelector is { } pods && !SelectorMatch.IsEmpty(pods)))
            {
                if (Denied(evidence, rule, peer) is { } denied)
                {
                    yield return NetworkPolicyTextChecks.At(
                        rule, rule.PeerPath(i), denied, $"add the other half: the {(rule.Direction == Direction.Egress ? "ingress" : "egress")} rule (policies can … prints it)");
                }
            }
        }
    }

    /// <summary>One pair for which the rule is in vain; null when there is none.</summary>
    private static string? Denied(ClusterEvidence evidence, CheckedRule rule, NetworkPolicyPeer peer)
    {
        var own = Classes(evidence, NetworkPolicyInventoryChecks.Subjects(evidence, rule.Policy));
        var others = Classes(evidence, Selection.PodsOf(peer, rule.Policy.Value.Metadata.Namespace, evidence.Inputs).Where(Party.IsManaged));
        var otherSide = rule.Direction == Direction.Egress ? Direction.Ingress : Direction.Egress;
        return (from mine in own
                from other in others
                where mine.Name != other.Name
                let caller = rule.Direction == Direction.Egress ? mine : other
                let to = rule.Direction == Direction.Egress ? other : mine
                from port in Ports(rule, to)
                let verdict = evidence.Engine.Ask(caller, to, port.Protocol, port.Number)
                where verdict.Side(rule.Direction).IsAllowed && !verdict.Side(otherSide).IsAllowed
                select $"{caller.Name} -> {to.Name} {port.Number}/{port.Protocol.Text()}: {otherSide.ToString().ToLowerInvariant()} {verdict.Side(otherSide)}").FirstOrDefault();
    }

    private static List<Party> Classes(ClusterEvidence evidence, IEnumerable<Pod> pods) =>
        [.. pods.Select(evidence.PartyOf).OfType<Party>().Where(static p => p.ManagedPod is not null).DistinctBy(evidence.Engine.ClassOf)];

    /// <summary>The ports that the rule states; those of the destination's containers when it states none.</summary>
    private static IEnumerable<(TransportProtocol Protocol, int Number)> Ports(CheckedRule rule, Party to)
    {
        var declared = NetworkPolicyInventoryChecks.ContainerPorts(to.ManagedPod!).ToList();
        if (rule.Ports.Count == 0)
        {
            return declared.Select(static p => (TransportProtocolText.Parse(p.Protocol) ?? TransportProtocol.Tcp, p.Number));
        }

        return from port in rule.Ports
               let protocol = TransportProtocolText.Parse(port.Protocol ?? "TCP")
               where protocol is not null && port.Port is not null
               from number in port.Port!.Value.Name is { } name ? declared.Where(p => p.Name == name).Select(static p => p.Number) : [port.Port.Value.Number]
               select (protocol.Value, number);
    }
}
