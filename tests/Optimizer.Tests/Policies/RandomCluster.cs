using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies;

namespace NetPulse.Optimizer.Tests.Policies;

/// <summary>A small cluster full of oddities; the same for the same seed.</summary>
internal sealed class RandomCluster(int seed)
{
    private static readonly string[] Namespaces = ["a", "b", "c"];
    private static readonly string[] Keys = ["app", "tier", "env"];
    private static readonly string[] Values = ["", "x", "y"];
    private static readonly string[] PortNames = ["http", "dns", "sig"];
    private static readonly string[] Protocols = ["TCP", "UDP", "SCTP"];
    private static readonly int[] Numbers = [53, 80, 81, 8080];
    private static readonly string[] Blocks = ["10.0.0.0/30", "10.0.0.4/31", "10.0.0.0/8", "0.0.0.0/0", "10.0.0.5/32", "192.0.2.0/24", "192.0.2.128/25", "::/0", "2001:db8::/126", "2001:db8::5/128", "172.18.0.0/31"];

    private readonly Random random = new(seed);

    public static string[] OutsideAddresses { get; } = ["10.0.0.100", "192.0.2.1", "192.0.2.200", "203.0.113.1", "2001:db8::100", "2001:db9::1", "172.18.0.9"];

    public PolicyInputs Next() => new()
    {
        Namespaces = [.. Namespaces.Take(2).Select(n => new Namespace { Metadata = new ObjectMeta { Name = n, Labels = Labels() } })],
        Nodes = [.. Enumerable.Range(0, 2).Select(i => new Node { Metadata = new ObjectMeta { Name = $"n{i}", Labels = Labels() }, Status = new NodeStatus { Addresses = [new NodeAddress { Address = $"172.18.0.{i}" }, new NodeAddress { Address = $"2001:db8:1::{i}" }] } })],
        Pods = [.. Enumerable.Range(0, 9).Select(Pod)],
        NetworkPolicies = [.. Many(0, 6, NetworkPolicy)],
        AdminNetworkPolicies = [.. Many(0, 3, i => new AdminNetworkPolicy { Metadata = new ObjectMeta { Name = $"anp{i}" }, Spec = Admin(i, "Allow", "Deny", "Pass") })],
        BaselineAdminNetworkPolicies = [.. Many(0, 2, i => new BaselineAdminNetworkPolicy { Metadata = new ObjectMeta { Name = "default" }, Spec = Admin(null, "Allow", "Deny") }).Take(1)],
        ClusterNetworkPolicies = [.. Many(0, 3, Cluster)],
    };

    /// <summary>Some objects of a cluster changed, some gone, some new.</summary>
    public (List<IKubernetesObject> Set, List<IKubernetesObject> Gone) Event(PolicyInputs now)
    {
        var (set, gone) = (new List<IKubernetesObject>(), new List<IKubernetesObject>());
        for (var i = random.Next(3); i >= 0; i--)
        {
            switch (random.Next(11))
            {
                case 0 or 1 when now.Pods.Length > 3:
                    gone.Add(Pick(now.Pods.ToArray()));
                    break;
                case < 4:
                    set.Add(Pod(random.Next(12)));
                    break;
                case 4 when now.NetworkPolicies.Length > 0:
                    gone.Add(Pick(now.NetworkPolicies.ToArray()));
                    break;
                case < 7:
                    set.Add(NetworkPolicy(random.Next(8)));
                    break;
                case 7:
                    set.Add(new AdminNetworkPolicy { Metadata = new ObjectMeta { Name = $"anp{random.Next(3)}" }, Spec = Admin(random.Next(3), "Allow", "Deny", "Pass") });
                    break;
                case 8:
                    set.Add(Cluster(random.Next(3)));
                    break;
                case 9 when now.ClusterNetworkPolicies.Length > 1 && Chance(2):
                    gone.Add(Pick(now.ClusterNetworkPolicies.ToArray()));
                    break;
                case 9 when now.Namespaces.Length > 1:
                    gone.Add(Pick(now.Namespaces.ToArray()));
                    break;
                case 9:
                    set.Add(new Node { Metadata = new ObjectMeta { Name = $"n{random.Next(2)}", Labels = Labels() }, Status = new NodeStatus { Addresses = [new NodeAddress { Address = $"172.18.0.{random.Next(3)}" }] } });
                    break;
                default:
                    set.Add(new Namespace { Metadata = new ObjectMeta { Name = Pick(Namespaces), Labels = Labels() } });
                    break;
            }
        }

        return (set, gone);
    }

    private Pod Pod(int index)
    {
        var host = Chance(8);
        var node = random.Next(2);
        string[] addresses = host ? [$"172.18.0.{node}"] : random.Next(4) switch
        {
            0 => [$"2001:db8::{index}"],
            1 => [$"10.0.0.{index}", $"2001:db8::{index}"],
            2 => [$"2001:db8::{index}", $"10.0.0.{index}"],
            _ => [$"10.0.0.{index}"],
        };
        return new Pod
        {
            Metadata = new ObjectMeta { Name = $"p{index}", Namespace = Pick(Namespaces), Labels = Labels() },
            Spec = new PodSpec
            {
                NodeName = $"n{node}",
                HostNetwork = host,
                Containers = [.. Many(1, 3, _ => new Container { Ports = [.. Many(0, 3, _ => new ContainerPort { Name = Chance(4) ? "" : Pick(PortNames), Number = Pick(Numbers), Protocol = Pick(Protocols) })] })],
                InitContainers = Chance(4) ? [new Container { RestartPolicy = Chance(2) ? "Always" : "", Ports = [new ContainerPort { Name = Pick(PortNames), Number = Pick(Numbers), Protocol = "TCP" }] }] : [],
            },
            Status = new PodStatus { Phase = Chance(12) ? "Succeeded" : "Running", PodIP = addresses[0], PodIPs = [.. addresses.Select(a => new PodAddress { Ip = a })] },
        };
    }

    private NetworkPolicy NetworkPolicy(int index) => new()
    {
        Metadata = new ObjectMeta { Name = $"np{index}", Namespace = Pick(Namespaces) },
        Spec = new NetworkPolicySpec
        {
            PodSelector = Selector(),
            PolicyTypes = random.Next(4) switch { 0 => [], 1 => ["Ingress"], 2 => ["Egress"], _ => ["Ingress", "Egress"] },
            Ingress = [.. Many(0, 3, _ => new NetworkPolicyIngressRule { From = [.. Many(0, 3, _ => Peer())], Ports = [.. Many(0, 3, _ => Port())] })],
            Egress = [.. Many(0, 3, _ => new NetworkPolicyEgressRule { To = [.. Many(0, 3, _ => Peer())], Ports = [.. Many(0, 3, _ => Port())] })],
        },
    };

    private NetworkPolicyPeer Peer() => random.Next(4) switch
    {
        0 => new NetworkPolicyPeer { IpBlock = new IpBlock { Cidr = Pick(Blocks), Except = [.. Many(0, 2, _ => Pick(Blocks))] } },
        1 => new NetworkPolicyPeer { PodSelector = Selector() },
        2 => new NetworkPolicyPeer { NamespaceSelector = Selector() },
        _ => new NetworkPolicyPeer { NamespaceSelector = Selector(), PodSelector = Selector() },
    };

    private NetworkPolicyPort Port()
    {
        var (number, protocol) = (Pick(Numbers), Chance(3) ? null : Pick(Protocols));
        return random.Next(5) switch
        {
            0 => new NetworkPolicyPort { Protocol = protocol },
            1 => new NetworkPolicyPort { Protocol = protocol, Port = Pick(PortNames) },
            2 => new NetworkPolicyPort { Protocol = protocol, Port = number, EndPort = number + Pick([0, 1, 27, 8000]) },
            _ => new NetworkPolicyPort { Protocol = protocol, Port = number },
        };
    }

    private AdminNetworkPolicySpec Admin(int? priority, params string[] actions) => new()
    {
        Priority = priority,
        Subject = Subject(),
        Ingress = [.. Many(0, 3, _ => new AdminNetworkPolicyRule { Action = Pick(actions), From = [.. Many(1, 3, _ => AdminPeer(false))], Ports = [.. Many(0, 3, _ => AdminPort())] })],
        Egress = [.. Many(0, 3, _ => new AdminNetworkPolicyRule { Action = Pick(actions), To = [.. Many(1, 3, _ => AdminPeer(true))], Ports = [.. Many(0, 3, _ => AdminPort())] })],
    };

    private ClusterNetworkPolicy Cluster(int index) => new()
    {
        Metadata = new ObjectMeta { Name = $"cnp{index}" },
        Spec = new ClusterNetworkPolicySpec
        {
            Tier = Chance(2) ? "Admin" : "Baseline",
            Priority = 10 + index,
            Subject = Subject(),
            Ingress = [.. Many(0, 3, _ => new ClusterNetworkPolicyRule { Action = Pick(["Accept", "Deny", "Pass"]), From = [.. Many(1, 3, _ => AdminPeer(false))], Protocols = [.. Many(0, 3, _ => Protocol())] })],
            Egress = [.. Many(0, 3, _ => new ClusterNetworkPolicyRule { Action = Pick(["Accept", "Deny", "Pass"]), To = [.. Many(1, 3, _ => AdminPeer(true))], Protocols = [.. Many(0, 3, _ => Protocol())] })],
        },
    };

    private AdminPolicySubject Subject() => Chance(2)
        ? new AdminPolicySubject { Namespaces = Selector() }
        : new AdminPolicySubject { Pods = new NamespacedPods { NamespaceSelector = Selector(), PodSelector = Selector() } };

    private AdminPolicyPeer AdminPeer(bool isEgress) => Chance(20) ? new AdminPolicyPeer() : random.Next(isEgress ? 4 : 2) switch
    {
        0 => new AdminPolicyPeer { Namespaces = Selector() },
        1 => new AdminPolicyPeer { Pods = new NamespacedPods { NamespaceSelector = Selector(), PodSelector = Selector() } },
        2 => new AdminPolicyPeer { Nodes = Selector() },
        _ => new AdminPolicyPeer { Networks = [.. Many(1, 3, _ => Pick(Blocks))] },
    };

    private AdminNetworkPolicyPort AdminPort() => random.Next(3) switch
    {
        0 => new AdminNetworkPolicyPort { NamedPort = Pick(PortNames) },
        1 => new AdminNetworkPolicyPort { PortRange = new AdminPortRange { Protocol = Pick(Protocols), Start = 53, End = Pick(Numbers) } },
        _ => new AdminNetworkPolicyPort { PortNumber = new AdminPortNumber { Protocol = Pick(Protocols), Port = Pick(Numbers) } },
    };

    private ClusterNetworkPolicyProtocol Protocol()
    {
        var ports = new ProtocolPorts
        {
            DestinationPort = random.Next(3) switch
            {
                0 => null,
                1 => new DestinationPort { Number = Pick(Numbers) },
                _ => new DestinationPort { Range = new DestinationPortRange { Start = 53, End = Pick(Numbers) } },
            },
        };
        return random.Next(4) switch
        {
            0 => new ClusterNetworkPolicyProtocol { Tcp = ports },
            1 => new ClusterNetworkPolicyProtocol { Udp = ports },
            2 => new ClusterNetworkPolicyProtocol { Sctp = ports },
            _ => new ClusterNetworkPolicyProtocol { DestinationNamedPort = Pick(PortNames) },
        };
    }

    private LabelSelector Selector() => new()
    {
        MatchLabels = Chance(10) ? new Dictionary<string, string>(StringComparer.Ordinal) { [Namespace.NameLabel] = Pick(Namespaces) } : Chance(3) ? Labels(1) : Labels(0),
        MatchExpressions = [.. Many(0, 2, _ => Pick(["In", "NotIn", "Exists", "DoesNotExist"]) is var operation && operation.EndsWith("In", StringComparison.Ordinal)
            ? new LabelSelectorRequirement { Key = Pick(Keys), Operator = operation, Values = [.. Many(1, 3, _ => Pick(Values))] }
            : new LabelSelectorRequirement { Key = Pick(Keys), Operator = operation })],
    };

    private Dictionary<string, string> Labels(int atMost = 3) =>
        Keys.OrderBy(_ => random.Next()).Take(random.Next(atMost + 1)).ToDictionary(k => k, _ => Pick(Values), StringComparer.Ordinal);

    private IEnumerable<T> Many<T>(int from, int below, Func<int, T> make) => Enumerable.Range(0, random.Next(from, below)).Select(make).ToList();

    private T Pick<T>(T[] choices) => choices[random.Next(choices.Length)];

    private bool Chance(int oneIn) => random.Next(oneIn) == 0;
}
