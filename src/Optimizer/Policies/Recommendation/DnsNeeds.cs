using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Checks;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>Name resolution: who asks may ask every resolver of the cluster, by UDP and, for long answers (RFC 7766), by TCP.</summary>
internal static class DnsNeeds
{
    public const string ServerLabel = "k8s-app";

    private const int DnsPort = 53;

    private static readonly string[] ServerNames = ["kube-dns", "coredns", "rke2-coredns", "node-local-dns"];

    /// <summary>Adds what is missing to the conversations. A workload that calls anybody at all resolves names, also when it had them cached all the time.</summary>
    public static void Complete(Dictionary<Conversation, Sightings> kept, RecommendationInputs inputs, WorkloadGroups groups)
    {
        var asked = kept.Keys.Where(static c => c.Port == DnsPort).Select(static c => c.Destination).ToHashSet();
        var servers = groups.All.Where(IsServer).ToList();
        var resolvers = servers.Select(static g => (Endpoint)new Endpoint.Workload(g))
            .Concat(asked.Where(static d => d is Endpoint.Outside { Address: var address } && IsNodeLocal(address)))
            .Distinct().ToList();
        var ports = servers.SelectMany(static g => g.Pods).SelectMany(static p => p.Spec.Containers).SelectMany(static c => c.Ports)
            .Where(static p => p.Name.StartsWith("dns", StringComparison.Ordinal)).Select(static p => p.Number).Append(DnsPort).Distinct().ToList();
        if (resolvers.Any(static r => r is Endpoint.Outside))
        {
            // A node-local cache also answers on the service's own address, before it is translated.
            resolvers.AddRange(ServiceAddresses(inputs, servers));
        }

        var callers = kept.Where(static c => c.Key.Source is Endpoint.Workload).GroupBy(static c => c.Key.Source).ToList();
        foreach (var caller in callers.Where(caller => !servers.Contains(((Endpoint.Workload)caller.Key).Group)))
        {
            var sightings = caller.MaxBy(static c => c.Value.Count).Value;
            var outsideResolvers = caller.Where(static c => c.Key.Port == DnsPort && c.Key.Destination is not Endpoint.Workload).Select(static c => c.Key.Destination);
            foreach (var resolver in resolvers.Concat(outsideResolvers).ToHashSet())
            {
                foreach (var port in resolver is Endpoint.Workload ? ports : [DnsPort])
                {
                    kept.TryAdd(new Conversation(caller.Key, resolver, TransportProtocol.Udp, port), sightings);
                    kept.TryAdd(new Conversation(caller.Key, resolver, TransportProtocol.Tcp, port), sightings);
                }
            }
        }
    }

    /// <summary>By the labels that the common ways to deploy it set.</summary>
    public static bool IsServer(WorkloadGroup group) =>
        (group.Selector.TryGetValue(ServerLabel, out var app) && IsServerName(app))
        || (group.Selector.TryGetValue(Pod.WorkloadLabel, out var name) && IsServerName(name))
        || group.Selector.TryGetValue("dns.operator.openshift.io/daemonset-dns", out _);

    public static bool IsServerName(string name) => ServerNames.Contains(name);

    /// <summary>169.254.0.0/16 and fd00::/8 addresses on the node's own dummy interface.</summary>
    private static bool IsNodeLocal(IpValue address) => address.Family == IpFamily.V4
        ? address.Value >> 16 == 0xA9FE
        : address.Value >> 120 == 0xFD || address.Value >> 118 == 0x3FA;

    private static IEnumerable<Endpoint> ServiceAddresses(RecommendationInputs inputs, List<WorkloadGroup> servers) =>
        from service in inputs.Services
        where service.Spec.Ports.Any(static p => p.Port == DnsPort) && service.Spec.Selector.Count > 0
        where servers.Exists(g => g.Pods.Any(p => Party.IsManaged(p) && Selection.IsBehind(p, service)))
        from text in service.Spec.ClusterIPs.Append(service.Spec.ClusterIP).Distinct()
        where IpValue.TryParse(text, out _)
        let address = IpValue.TryParse(text, out var parsed) ? parsed : default
        select (Endpoint)new Endpoint.ServiceAddress($"{service.Metadata.Namespace}/{service.Metadata.Name}", address);
}
