using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>What a recommendation would have done to the flows that it was made from.</summary>
/// <param name="Conversations">That were kept, asked between every two pods that policies tell apart.</param>
/// <param name="Broken">Those of them that would no longer come about; empty unless a policy of an administrator denies them.</param>
/// <param name="DeniedBefore">Share of all connections between pods, to ports that a container declares, that was denied before: 0 to 1.</param>
/// <param name="DeniedAfter">The same with the recommendation.</param>
public sealed record FlowReplay(int Conversations, ImmutableArray<string> Broken, double DeniedBefore, double DeniedAfter)
{
    internal static FlowReplay Of(PolicyInputs cluster, IEnumerable<NetworkPolicy> recommended, IEnumerable<Conversation> kept, WorkloadGroups groups)
    {
        var before = PolicyEngine.Build(cluster);
        var after = PolicyEngine.Build(cluster with { NetworkPolicies = [.. cluster.NetworkPolicies, .. recommended] });
        var broken = ImmutableArray.CreateBuilder<string>();
        var asked = 0;
        foreach (var conversation in kept)
        {
            asked++;
            var sources = Parties(after, conversation.Source);
            var destinations = Parties(after, conversation.Destination);
            var denied = (from source in sources
                          from destination in destinations
                          let verdict = after.Ask(source, destination, conversation.Protocol, conversation.Port)
                          where !verdict.IsAllowed
                          select $"{source.Name} -> {destination.Name} {conversation.Port}/{conversation.Protocol.Text()}: {verdict}").FirstOrDefault();
            if (denied is not null)
            {
                broken.Add(denied);
            }
        }

        return new FlowReplay(asked, broken.DrainToImmutable(), Denied(before, groups), Denied(after, groups));
    }

    /// <summary>One pod stands for its workload: they carry the same labels as far as selectors of the recommendation go.</summary>
    private static double Denied(PolicyEngine engine, WorkloadGroups groups)
    {
        var parties = groups.All.Select(g => (Party: engine.PodNamed(FlowResolver.NameOf(g.Pods[0]))!, Pods: (double)g.Pods.Length, Ports: Ports(g))).ToList();
        var (all, denied) = (0.0, 0.0);
        foreach (var to in parties)
        {
            foreach (var (protocol, port) in to.Ports)
            {
                foreach (var from in parties.Where(from => from.Party != to.Party))
                {
                    all += from.Pods * to.Pods;
                    denied += engine.Ask(from.Party, to.Party, protocol, port).IsAllowed ? 0 : from.Pods * to.Pods;
                }
            }
        }

        return all == 0 ? 0 : denied / all;
    }

    private static HashSet<(TransportProtocol Protocol, int Port)> Ports(WorkloadGroup group) =>
    [
        .. group.Pods[0].Spec.Containers.SelectMany(static c => c.Ports)
            .Select(static p => (Protocol: TransportProtocolText.Parse(p.Protocol), p.Number)).Where(static p => p.Protocol is not null).Select(static p => (p.Protocol!.Value, p.Number)),
    ];

    private static List<Party> Parties(PolicyEngine engine, Endpoint endpoint) => endpoint switch
    {
        Endpoint.Workload { Group: var group } => [.. group.Pods.Select(pod => engine.PodNamed(FlowResolver.NameOf(pod))!).DistinctBy(party => engine.ClassOf(party))],
        Endpoint.Outside { Address: var address } => [engine.At(address)],
        Endpoint.Host { Address: var address } => [Party.Of(address)],
        Endpoint.ServiceAddress { Address: var address } => [Party.Of(address)],
        _ => [engine.At(ObservedUse.Anybody)],
    };
}
