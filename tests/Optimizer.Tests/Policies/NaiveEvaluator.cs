using System.Net;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies;

namespace NetPulse.Optimizer.Tests.Policies;

/// <summary>The semantics once more, as slow and as plain as the API text: rule by rule, pod by pod, on the objects themselves.</summary>
internal sealed class NaiveEvaluator(PolicyInputs inputs)
{
    /// <summary>One side: a pod, or an address that no running pod has.</summary>
    internal sealed record Side(Pod? Pod, IPAddress Address)
    {
        public bool IsManaged => Pod is { Spec.HostNetwork: false, Status.Phase: not ("Succeeded" or "Failed") };
    }

    public (bool Egress, bool Ingress) Ask(Side from, Side to, string protocol, int port) =>
        (Decide(from, to, to, false, protocol, port), Decide(to, from, to, true, protocol, port));

    private bool Decide(Side own, Side other, Side destination, bool isIngress, string protocol, int port)
    {
        if (!own.IsManaged || (other.IsManaged && other.Pod == own.Pod))
        {
            return true;
        }

        if (!other.IsManaged && inputs.Nodes.Any(n => n.Metadata.Name == own.Pod!.Spec.NodeName && n.Status.Addresses.Any(a => IPAddress.Parse(a.Address).Equals(other.Address))))
        {
            return true;
        }

        var admin = inputs.AdminNetworkPolicies.Select(p => (Priority: p.Spec.Priority!.Value, p.Spec.Subject, Rules: Rules(p.Spec, isIngress)))
            .Concat(inputs.ClusterNetworkPolicies.Where(p => p.Spec.Tier == "Admin").Select(p => (p.Spec.Priority, p.Spec.Subject, Rules(p.Spec, isIngress))));
        var baseline = inputs.BaselineAdminNetworkPolicies.Select(p => (Priority: 0, p.Spec.Subject, Rules: Rules(p.Spec, isIngress)))
            .Concat(inputs.ClusterNetworkPolicies.Where(p => p.Spec.Tier == "Baseline").Select(p => (p.Spec.Priority, p.Spec.Subject, Rules(p.Spec, isIngress))));

        string? First(IEnumerable<(int Priority, AdminPolicySubject Subject, List<(string Action, IReadOnlyList<AdminPolicyPeer> Peers, Func<Side, string, int, bool> Ports)> Rules)> policies) => policies
            .Where(p => p.Subject.Namespaces is { } n ? Matches(n, NamespaceLabels(own.Pod!)) : Matches(p.Subject.Pods!.NamespaceSelector, NamespaceLabels(own.Pod!)) && Matches(p.Subject.Pods.PodSelector, own.Pod!.Metadata.Labels))
            .OrderBy(p => p.Priority)
            .SelectMany(p => p.Rules)
            .Where(r => (r.Peers.Any(IsUnknown) ? r.Action is not ("Allow" or "Accept") : r.Peers.Any(peer => IsPeer(peer, other))) && r.Ports(destination, protocol, port))
            .Select(r => r.Peers.Any(IsUnknown) ? "Deny" : r.Action)
            .FirstOrDefault();

        switch (First(admin))
        {
            case "Allow" or "Accept":
                return true;
            case "Deny":
                return false;
            default:
                break;
        }

        var isolating = inputs.NetworkPolicies.Where(p => p.Metadata.Namespace == own.Pod!.Metadata.Namespace && Matches(p.Spec.PodSelector, own.Pod.Metadata.Labels)
            && (p.Spec.PolicyTypes.Count > 0 ? p.Spec.PolicyTypes.Contains(isIngress ? "Ingress" : "Egress") : isIngress || p.Spec.Egress.Count > 0)).ToList();
        if (isolating.Count > 0)
        {
            return isolating.Exists(p => isIngress
                ? p.Spec.Ingress.Any(r => IsAllowed(p, r.From, r.Ports))
                : p.Spec.Egress.Any(r => IsAllowed(p, r.To, r.Ports)));
        }

        return First(baseline) != "Deny";

        bool IsAllowed(NetworkPolicy policy, IReadOnlyList<NetworkPolicyPeer> peers, IReadOnlyList<NetworkPolicyPort> ports) =>
            (peers.Count == 0 || peers.Any(peer => IsPeer(peer, policy.Metadata.Namespace, other)))
            && (ports.Count == 0 || ports.Any(stated => IsPort(stated, destination, protocol, port)));
    }

    private static List<(string Action, IReadOnlyList<AdminPolicyPeer> Peers, Func<Side, string, int, bool> Ports)> Rules(AdminNetworkPolicySpec spec, bool isIngress) =>
        [.. (isIngress ? spec.Ingress : spec.Egress).Select(r => (r.Action, isIngress ? r.From : r.To, (Func<Side, string, int, bool>)((to, protocol, port) => r.Ports.Count == 0 || r.Ports.Any(p =>
            p.PortNumber is { } number ? number.Protocol == protocol && number.Port == port
            : p.PortRange is { } range ? range.Protocol == protocol && port >= range.Start && port <= range.End
            : HasPort(to, p.NamedPort!, protocol, port)))))];

    private static List<(string Action, IReadOnlyList<AdminPolicyPeer> Peers, Func<Side, string, int, bool> Ports)> Rules(ClusterNetworkPolicySpec spec, bool isIngress) =>
        [.. (isIngress ? spec.Ingress : spec.Egress).Select(r => (r.Action, isIngress ? r.From : r.To, (Func<Side, string, int, bool>)((to, protocol, port) => r.Protocols.Count == 0 || r.Protocols.Any(p =>
            p.DestinationNamedPort is { } name ? HasPort(to, name, protocol, port)
            : (protocol switch { "TCP" => p.Tcp, "UDP" => p.Udp, _ => p.Sctp }) is { } ports && (ports.DestinationPort is null
                || ports.DestinationPort.Number == port || (ports.DestinationPort.Range is { } range && port >= range.Start && port <= range.End))))))];

    private static bool HasPort(Side to, string name, string protocol, int port) =>
        to.IsManaged && to.Pod!.Spec.Containers.Concat(to.Pod.Spec.InitContainers.Where(c => c.RestartPolicy == "Always")).Any(c => c.Ports.Any(p => p.Name == name && p.Protocol == protocol && p.Number == port));

    private static bool IsPort(NetworkPolicyPort stated, Side to, string protocol, int port)
    {
        if ((stated.Protocol ?? "TCP") != protocol)
        {
            return false;
        }

        return stated.Port is not { } which
            || (which.Name is { } name ? HasPort(to, name, protocol, port) : port >= which.Number && port <= (stated.EndPort ?? which.Number));
    }

    private bool IsPeer(NetworkPolicyPeer peer, string ownNamespace, Side other)
    {
        if (peer.IpBlock is { } block)
        {
            return IPNetwork.Parse(block.Cidr).Contains(other.Address) && !block.Except.Any(e => IPNetwork.Parse(e).Contains(other.Address));
        }

        return other.IsManaged
            && (peer.NamespaceSelector is { } namespaces ? Matches(namespaces, NamespaceLabels(other.Pod!)) : other.Pod!.Metadata.Namespace == ownNamespace)
            && (peer.PodSelector is null || Matches(peer.PodSelector, other.Pod!.Metadata.Labels));
    }

    private bool IsPeer(AdminPolicyPeer peer, Side other) =>
        (other.IsManaged && peer.Namespaces is { } n && Matches(n, NamespaceLabels(other.Pod!)))
        || (other.IsManaged && peer.Pods is { } p && Matches(p.NamespaceSelector, NamespaceLabels(other.Pod!)) && Matches(p.PodSelector, other.Pod!.Metadata.Labels))
        || (!other.IsManaged && peer.Nodes is { } nodes && inputs.Nodes.Any(node => Matches(nodes, node.Metadata.Labels) && node.Status.Addresses.Any(a => IPAddress.Parse(a.Address).Equals(other.Address))))
        || peer.Networks.Any(network => IPNetwork.Parse(network).Contains(other.Address));

    private static bool IsUnknown(AdminPolicyPeer peer) => peer.Namespaces is null && peer.Pods is null && peer.Nodes is null && peer.Networks.Count + peer.DomainNames.Count == 0;

    private Dictionary<string, string> NamespaceLabels(Pod pod)
    {
        var labels = inputs.Namespaces.FirstOrDefault(n => n.Metadata.Name == pod.Metadata.Namespace)?.Metadata.Labels ?? new Dictionary<string, string>(StringComparer.Ordinal);
        return new Dictionary<string, string>(labels, StringComparer.Ordinal) { [Namespace.NameLabel] = pod.Metadata.Namespace };
    }

    private static bool Matches(LabelSelector selector, IReadOnlyDictionary<string, string> labels) =>
        selector.MatchLabels.All(l => labels.TryGetValue(l.Key, out var value) && value == l.Value)
        && selector.MatchExpressions.All(e => e.Operator switch
        {
            "In" => labels.TryGetValue(e.Key, out var value) && e.Values.Contains(value),
            "NotIn" => !labels.TryGetValue(e.Key, out var value) || !e.Values.Contains(value),
            "Exists" => labels.ContainsKey(e.Key),
            _ => !labels.ContainsKey(e.Key),
        });
}
