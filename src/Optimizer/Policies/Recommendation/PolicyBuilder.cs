using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Model;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>The rules of one workload's policy: who may come and whom it may call, peers with the same ports in one rule.</summary>
internal sealed class PolicyBuilder(WorkloadGroup subject)
{
    private readonly Dictionary<(Direction Direction, WorkloadGroup Peer), HashSet<(TransportProtocol Protocol, int Port)>> workloads = [];
    private readonly Dictionary<(Direction Direction, IpValue Peer), HashSet<(TransportProtocol Protocol, int Port)>> addresses = [];
    private readonly HashSet<(TransportProtocol Protocol, int Port)> openToAll = [];

    public WorkloadGroup Subject => subject;

    public bool IsEmpty => workloads.Count == 0 && addresses.Count == 0 && openToAll.Count == 0;

    public void Allow(Direction direction, WorkloadGroup peer, TransportProtocol protocol, int port) => Add(workloads, (direction, peer), (protocol, port));

    public void Allow(Direction direction, IpValue peer, TransportProtocol protocol, int port) => Add(addresses, (direction, peer), (protocol, port));

    /// <summary>Ingress from every address outside of the private ranges.</summary>
    public void AllowTheWorld(TransportProtocol protocol, int port) => openToAll.Add((protocol, port));

    /// <param name="flagManyAddresses">Told when one rule needs more blocks than it should.</param>
    public NetworkPolicy Build(string name, RecommendationOptions options, IReadOnlyList<IpValue> own, IReadOnlyDictionary<string, string> annotations, Action<int> flagManyAddresses) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = name,
            Namespace = subject.Namespace,
            Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["app.kubernetes.io/managed-by"] = "netpulse" },
            Annotations = annotations,
        },
        Spec = new NetworkPolicySpec
        {
            PodSelector = new LabelSelector { MatchLabels = subject.Selector },
            PolicyTypes = [NetworkPolicySpec.Ingressing, NetworkPolicySpec.Egressing],
            Ingress = [.. Rules(Direction.Ingress, options, own, flagManyAddresses).Select(static r => new NetworkPolicyIngressRule { From = r.Peers, Ports = r.Ports })],
            Egress = [.. Rules(Direction.Egress, options, own, flagManyAddresses).Select(static r => new NetworkPolicyEgressRule { To = r.Peers, Ports = r.Ports })],
        },
    };

    private IEnumerable<(IReadOnlyList<NetworkPolicyPeer> Peers, IReadOnlyList<NetworkPolicyPort> Ports)> Rules(
        Direction direction, RecommendationOptions options, IReadOnlyList<IpValue> own, Action<int> flagManyAddresses)
    {
        var byPorts = new SortedDictionary<string, (List<PortRange> Ports, List<NetworkPolicyPeer> Peers)>(StringComparer.Ordinal);
        foreach (var ((_, peer), ports) in workloads.Where(w => w.Key.Direction == direction).OrderBy(static w => w.Key.Peer.ToString(), StringComparer.Ordinal))
        {
            Of(ports).Peers.Add(Named(peer));
        }

        foreach (var sameports in addresses.Where(a => a.Key.Direction == direction).GroupBy(static a => PortText.Of(PortSets.Ranges(a.Value)), StringComparer.Ordinal))
        {
            var blocks = AddressBlocks.Of(sameports.Select(static a => a.Key.Peer), options, own);
            if (blocks.Length > options.MaxBlocks)
            {
                flagManyAddresses(blocks.Length);
            }

            Of(sameports.First().Value).Peers.AddRange(blocks.Select(static block => new NetworkPolicyPeer { IpBlock = new IpBlock { Cidr = block.ToString() } }));
        }

        if (direction == Direction.Ingress && openToAll.Count > 0)
        {
            Of(openToAll).Peers.AddRange(World());
        }

        return byPorts.Values.Select(static r => ((IReadOnlyList<NetworkPolicyPeer>)r.Peers, (IReadOnlyList<NetworkPolicyPort>)[.. r.Ports.Select(Port)]));

        (List<PortRange> Ports, List<NetworkPolicyPeer> Peers) Of(IEnumerable<(TransportProtocol Protocol, int Port)> ports)
        {
            var ranges = PortSets.Ranges(ports);
            if (!byPorts.TryGetValue(PortText.Of(ranges), out var rule))
            {
                rule = (ranges, []);
                byPorts.Add(PortText.Of(ranges), rule);
            }

            return rule;
        }
    }

    private NetworkPolicyPeer Named(WorkloadGroup peer) => new()
    {
        NamespaceSelector = peer.Namespace == subject.Namespace
            ? null
            : new LabelSelector { MatchLabels = new Dictionary<string, string>(StringComparer.Ordinal) { [Namespace.NameLabel] = peer.Namespace } },
        PodSelector = new LabelSelector { MatchLabels = peer.Selector },
    };

    /// <summary>Address blocks also match pods, so that the ranges in which pods and nodes live are left out (RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291).</summary>
    private static ImmutableArray<NetworkPolicyPeer> World() =>
    [
        new() { IpBlock = new IpBlock { Cidr = "0.0.0.0/0", Except = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"] } },
        new() { IpBlock = new IpBlock { Cidr = "::/0", Except = ["fc00::/7", "fe80::/10"] } },
    ];

    private static NetworkPolicyPort Port(PortRange range) => new()
    {
        Protocol = range.Protocol.Text(),
        Port = range.First,
        EndPort = range.Last > range.First ? range.Last : null,
    };

    private static void Add<TKey>(Dictionary<TKey, HashSet<(TransportProtocol Protocol, int Port)>> rules, TKey key, (TransportProtocol Protocol, int Port) port)
        where TKey : notnull
    {
        if (!rules.TryGetValue(key, out var ports))
        {
            ports = [];
            rules.Add(key, ports);
        }

        ports.Add(port);
    }
}
