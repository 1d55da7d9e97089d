using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Checks;

/// <summary>IS021: the ports over which a mesh works, under the network policies.</summary>
internal static class IstioReach
{
    private const int Istiod = 15012;
    private const int Tunnel = 15008;

    private static readonly int[] Metrics = [15020, 15090];

    public static IEnumerable<Finding> Find(ClusterEvidence evidence)
    {
        var control = Parties(evidence, static p => p.Metadata.Labels.GetValueOrDefault("app") == "istiod");
        var scrapers = Parties(evidence, static p => p.Metadata.Labels.GetValueOrDefault("app.kubernetes.io/name") == "prometheus" || p.Metadata.Labels.GetValueOrDefault("app") == "prometheus");
        foreach (var pod in IstioChecks.Pods(evidence).Where(p => IstioChecks.IsMeshed(evidence, p)))
        {
            if (evidence.Engine.PodNamed($"{pod.Namespace()}/{pod.Name()}") is not { ManagedPod: not null } party)
            {
                continue;
            }

            if (IstioChecks.IsAmbient(evidence, pod.Namespace()))
            {
                foreach (var finding in WithoutTunnel(evidence, party))
                {
                    yield return finding;
                }
            }
            else
            {
                if (control.Count > 0 && control.TrueForAll(to => !evidence.Engine.Ask(party, to, TransportProtocol.Tcp, Istiod).IsAllowed))
                {
                    yield return Finding.Of($"Pod {party.Name}", $"{evidence.Engine.Ask(party, control[0], TransportProtocol.Tcp, Istiod)}: it cannot reach {control[0].Name} on {Istiod}", "");
                }

                if (scrapers.Count > 0 && Metrics.All(port => scrapers.TrueForAll(from => !evidence.Engine.Ask(from, party, TransportProtocol.Tcp, port).IsAllowed)))
                {
                    yield return Finding.Of($"Pod {party.Name}", $"{scrapers[0].Name} cannot reach its ports {string.Join(" and ", Metrics)}", "");
                }
            }
        }
    }

    /// <summary>In ambient mode all traffic comes over the tunnel's port: a rule that names other ports only lets none of it in.</summary>
    private static IEnumerable<Finding> WithoutTunnel(ClusterEvidence evidence, Party party) =>
        from rule in evidence.Rules()
        where rule.Direction == Direction.Ingress && rule.Policy.Value.Metadata.Namespace == party.ManagedPod!.Metadata.Namespace
            && SelectorMatch.Matches(rule.Policy.Value.Spec.PodSelector, party.ManagedPod.Metadata.Labels)
            && rule.Ports.Count > 0 && !rule.Ports.Any(static p => p.Port is null || (p.Port is { Name: null } port && port.Number <= Tunnel && Tunnel <= (p.EndPort ?? port.Number)))
        select NetworkPolicyTextChecks.At(rule, $"{rule.Path}.ports", $"{party.Name} is in ambient mode, and port {Tunnel} is not among the ports", "", PatchOperation.Set($"{rule.Path}.ports[-]", new System.Text.Json.Nodes.JsonObject { ["port"] = Tunnel, ["protocol"] = "TCP" }));

    private static List<Party> Parties(ClusterEvidence evidence, Func<Pod, bool> wanted) => [.. evidence.Inputs.Pods.Where(p => Party.IsManaged(p) && wanted(p)).Select(evidence.PartyOf).OfType<Party>()];
}
