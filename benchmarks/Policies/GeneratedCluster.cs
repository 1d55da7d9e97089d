using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies;

namespace NetPulse.Benchmarks.Policies;

/// <summary>A cluster as large as wanted: eight replicas an app, three peers a rule, one policy in ten a default deny with DNS. The same for the same sizes.</summary>
internal static class GeneratedCluster
{
    private const int Replicas = 8;
    private const int AppsPerNamespace = 10;

    private static readonly int[] Numbers = [80, 443, 3000, 5432, 6379, 8080, 8443, 9090, 9102, 9200];

    /// <param name="isEveryPodItsOwn">Every pod is named by the selector of some policy, as the pods of a StatefulSet are: every pod is a class.</param>
    public static PolicyInputs Of(int pods, int policies, bool isEveryPodItsOwn)
    {
        var random = new Random(42);
        var apps = Math.Max(1, pods / Replicas);
        var namespaces = Math.Max(1, apps / AppsPerNamespace);
        return new PolicyInputs
        {
            Namespaces = [.. Enumerable.Range(0, namespaces).Select(n => new Namespace { Metadata = new ObjectMeta { Name = $"ns{n}", Labels = Labels(("team", $"t{n % 7}")) } })],
            Pods = [.. Enumerable.Range(0, pods).Select(i => Pod(i, (i / Replicas) % apps, namespaces))],
            NetworkPolicies = [.. Enumerable.Range(0, policies).Select(i => Policy(i))],
        };

        NetworkPolicy Policy(int index)
        {
            var app = random.Next(apps);
            var isDeny = index % 10 == 0;
            return new NetworkPolicy
            {
                Metadata = new ObjectMeta { Name = $"p{index}", Namespace = $"ns{app % namespaces}" },
                Spec = new NetworkPolicySpec
                {
                    PodSelector = isDeny ? LabelSelector.Everything : Selector("app", $"app{app}"),
                    PolicyTypes = [NetworkPolicySpec.Ingressing, NetworkPolicySpec.Egressing],
                    Ingress = [.. isDeny ? [] : new[] { new NetworkPolicyIngressRule { From = [Peer(), Peer(), Peer()], Ports = [Port(), Port()] } }, .. isEveryPodItsOwn ? Named(index) : []],
                    Egress = isDeny
                        ? [new NetworkPolicyEgressRule { To = [new NetworkPolicyPeer { NamespaceSelector = Selector(Namespace.NameLabel, "kube-system") }], Ports = [new NetworkPolicyPort { Port = 53, Protocol = "UDP" }, new NetworkPolicyPort { Port = 53 }] }]
                        : [new NetworkPolicyEgressRule { To = [Peer(), Peer(), Peer()], Ports = [Port()] }],
                },
            };
        }

        IEnumerable<NetworkPolicyIngressRule> Named(int index) => Enumerable.Range(0, (pods + policies - 1) / policies)
            .Select(i => new NetworkPolicyIngressRule { From = [new NetworkPolicyPeer { PodSelector = Selector("id", $"{index + (i * policies)}") }], Ports = [new NetworkPolicyPort { Port = 8080 }] });

        NetworkPolicyPeer Peer() => random.Next(10) switch
        {
            0 => new NetworkPolicyPeer { IpBlock = new IpBlock { Cidr = $"203.0.{random.Next(20)}.0/24" } },
            < 4 => new NetworkPolicyPeer { PodSelector = Selector("app", $"app{random.Next(apps)}") },
            < 6 => new NetworkPolicyPeer { NamespaceSelector = Selector("team", $"t{random.Next(7)}") },
            _ => new NetworkPolicyPeer { NamespaceSelector = Selector("team", $"t{random.Next(7)}"), PodSelector = Selector("app", $"app{random.Next(apps)}") },
        };

        NetworkPolicyPort Port() => random.Next(5) == 0 ? new NetworkPolicyPort { Port = "http" } : new NetworkPolicyPort { Port = Numbers[random.Next(Numbers.Length)] };
    }

    private static Pod Pod(int index, int app, int namespaces) => new()
    {
        Metadata = new ObjectMeta { Name = $"pod{index}", Namespace = $"ns{app % namespaces}", Labels = Labels(("app", $"app{app}"), ("id", $"{index}")) },
        Spec = new PodSpec { Containers = [new Container { Ports = [new ContainerPort { Name = "http", Number = app % 2 == 0 ? 8080 : 80 }, new ContainerPort { Name = "metrics", Number = 9100 + (app % 3) }] }] },
        Status = new PodStatus { PodIP = $"10.{(index >> 16) & 255}.{(index >> 8) & 255}.{index & 255}" },
    };

    private static LabelSelector Selector(string key, string value) => new() { MatchLabels = Labels((key, value)) };

    private static Dictionary<string, string> Labels(params (string Key, string Value)[] labels) => labels.ToDictionary(static l => l.Key, static l => l.Value, StringComparer.Ordinal);
}
