using System.Collections.Immutable;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;
using NetPulse.Optimizer.Policies.Questions;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>Conversations → rules at both ends, but those that a policy in force has already.</summary>
internal sealed class RuleWriter(
    PolicyEngine existing, FlowResolver resolver, Dictionary<WorkloadGroup, PolicyBuilder> builders, ImmutableArray<RecommendationFlag>.Builder flags)
{
    private readonly HashSet<(string Code, string Subject)> flagged = [];
    private readonly HashSet<string> open = new(StringComparer.Ordinal);

    /// <summary>Namespaces of which some workload was left open.</summary>
    public IReadOnlySet<string> Open => open;

    /// <summary>A policy of its own would cut what no rule can name: the workload gets none, unless a person has written one that lets it through.</summary>
    public void LeaveOpen(in Conversation conversation)
    {
        var (source, destination, protocol, port) = conversation;
        foreach (var (own, peer, direction) in new[] { (source, destination, Direction.Egress), (destination, source, Direction.Ingress) })
        {
            if (own is Endpoint.Workload { Group: var group } && (builders.ContainsKey(group) || open.Contains(group.Namespace)) && !IsCovered(group, peer, direction, protocol, port))
            {
                builders.Remove(group);
                open.Add(group.Namespace);
                Flag(
                    RecommendationFlags.UnnamedPeer,
                    conversation.ToString(),
                    $"no rule can name the other end, so that {group} gets no policy and its namespace no default deny, until a policy that a person has written lets it through",
                    needsReview: true);
            }
        }
    }

    public void Write(in Conversation conversation)
    {
        var (source, destination, protocol, port) = conversation;
        if (source is Endpoint.Workload { Group: var caller } && builders.TryGetValue(caller, out var egress) && !IsCovered(caller, destination, Direction.Egress, protocol, port))
        {
            WriteSide(egress, Direction.Egress, destination, conversation);
        }

        if (destination is Endpoint.Workload { Group: var called } && builders.TryGetValue(called, out var ingress) && !IsCovered(called, source, Direction.Ingress, protocol, port))
        {
            if ((source is Endpoint.Unnameable || (source is Endpoint.Outside { Address: var client } && IsPublic(client))) && resolver.IsOffered(called.Pods, protocol, port))
            {
                ingress.AllowTheWorld(protocol, port);
                Flag(RecommendationFlags.PublicIngress, $"{called} {port}/{protocol.Text()}", "a load balancer or node port offers it to everybody, and callers from outside were seen: every public address may come", needsReview: true);
                return;
            }

            WriteSide(ingress, Direction.Ingress, source, conversation);
        }
    }

    private void WriteSide(PolicyBuilder builder, Direction direction, Endpoint peer, in Conversation conversation)
    {
        switch (peer)
        {
            case Endpoint.Workload { Group: var group }:
                builder.Allow(direction, group, conversation.Protocol, conversation.Port);
                break;
            case Endpoint.Outside { Address: var address }:
                builder.Allow(direction, address, conversation.Protocol, conversation.Port);
                break;
            case Endpoint.Host host when direction == Direction.Ingress && !host.IsPod && builder.Subject.Pods.All(pod => pod.Spec.NodeName == host.Node):
                // The kubelet's probes: a pod's own node always may.
                break;
            case Endpoint.Host { IsPod: false } when direction == Direction.Ingress && resolver.IsOffered(builder.Subject.Pods, conversation.Protocol, conversation.Port):
                foreach (var address in resolver.NodeAddresses)
                {
                    builder.Allow(direction, address, conversation.Protocol, conversation.Port);
                }

                Flag(
                    RecommendationFlags.NodeAddress,
                    conversation.ToString(),
                    "callers from outside come by the addresses of nodes (externalTrafficPolicy: Cluster): the addresses of all nodes are allowed, and a node that is new needs to be added",
                    needsReview: true);
                break;
            case Endpoint.Host host:
                builder.Allow(direction, host.Address, conversation.Protocol, conversation.Port);
                Flag(
                    host.IsPod ? RecommendationFlags.HostNetwork : RecommendationFlags.NodeAddress,
                    conversation.ToString(),
                    $"only the address {host.Address} of node {host.Node} can be named: everything on that node may use the rule, and another node may not",
                    needsReview: true);
                break;
            case Endpoint.ServiceAddress service:
                builder.Allow(direction, service.Address, conversation.Protocol, conversation.Port);
                Flag(
                    RecommendationFlags.ServiceWithoutSelector,
                    conversation.ToString(),
                    "the service's address is allowed; network plugins that look after translation need the addresses behind it",
                    needsReview: true);
                break;
            default:
                break;
        }
    }

    /// <summary>Whether rules in force let every pod of the workload do it, so that a second rule would say nothing new.</summary>
    private bool IsCovered(WorkloadGroup subject, Endpoint peer, Direction direction, TransportProtocol protocol, int port)
    {
        if (existing.Policies.IsEmpty)
        {
            return false;
        }

        var own = Representatives(subject);
        var others = peer switch
        {
            Endpoint.Workload { Group: var group } => Representatives(group),
            Endpoint.Outside { Address: var address } => [existing.At(address)],
            Endpoint.Host { Address: var address } => [Party.Of(address)],
            Endpoint.ServiceAddress { Address: var address } => [Party.Of(address)],
            Endpoint.Unnameable => [existing.At(ObservedUse.Anybody)],
            _ => [],
        };
        return others.Count > 0 && own.TrueForAll(mine => others.TrueForAll(other =>
        {
            if (mine.Name == other.Name)
            {
                return true;
            }

            var verdict = direction == Direction.Egress ? existing.Ask(mine, other, protocol, port) : existing.Ask(other, mine, protocol, port);
            var side = verdict.Side(direction);
            return side is { IsAllowed: true, Reason: VerdictReason.Rule, Isolating.IsEmpty: false };
        }));
    }

    /// <summary>One pod of each class that the policies in force tell apart.</summary>
    private List<Party> Representatives(WorkloadGroup group) =>
        [.. group.Pods.Select(pod => existing.PodNamed(FlowResolver.NameOf(pod))!).DistinctBy(party => existing.ClassOf(party))];

    private static bool IsPublic(IpValue address) => address.Family == IpFamily.V4
        ? !((address.Value >> 24 == 10) || (address.Value >> 20 == 0xAC1) || (address.Value >> 16 == 0xC0A8) || (address.Value >> 16 == 0xA9FE) || (address.Value >> 22 == 0x191))
        : address.Value >> 125 == 1;

    private void Flag(string code, string subject, string message, bool needsReview)
    {
        if (flagged.Add((code, subject)))
        {
            flags.Add(new RecommendationFlag(code, subject, message, needsReview));
        }
    }
}
