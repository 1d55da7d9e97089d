using NetPulse.Kubernetes.Files;
using NetPulse.Optimizer.Policies;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Manifests;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Tests.Policies;

/// <summary>Clusters written as YAML, so that a test shows what a user would write.</summary>
internal static class Manifest
{
    /// <summary>Two namespaces, three pods on two nodes and one on the host network.</summary>
    public const string Shop =
        """
        ---
        {apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: shop}}}
        ---
        {apiVersion: v1, kind: Namespace, metadata: {name: mon, labels: {team: obs}}}
        ---
        {apiVersion: v1, kind: Node, metadata: {name: n1, labels: {zone: a}}, status: {addresses: [{type: InternalIP, address: 172.18.0.1}]}}
        ---
        {apiVersion: v1, kind: Node, metadata: {name: n2, labels: {zone: b}}, status: {addresses: [{type: InternalIP, address: 172.18.0.2}]}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: web, namespace: shop, labels: {app: web, tier: ""}}
        spec: {nodeName: n1, containers: [{name: c, ports: [{name: http, containerPort: 8080}, {name: stats, containerPort: 9000, protocol: UDP}]}]}
        status: {podIP: 10.0.0.1}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: db, namespace: shop, labels: {app: db}}
        spec: {nodeName: n2, containers: [{name: c, ports: [{name: http, containerPort: 80}, {name: pg, containerPort: 5432}]}]}
        status: {podIP: 10.0.0.2}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: prom, namespace: mon, labels: {app: prom}}
        spec: {nodeName: n1}
        status: {podIP: 10.0.1.1}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: agent, namespace: mon, labels: {app: agent}}
        spec: {nodeName: n1, hostNetwork: true}
        status: {podIP: 172.18.0.1}

        """;

    /// <exception cref="ObjectFileException">Something is not as the API server wants it.</exception>
    public static PolicyInputs Read(string yaml)
    {
        var faults = new List<ObjectFileException>();
        var inputs = ManifestInputs.Read(ManifestObject.ParseAll("test.yaml", yaml, faults), faults);
        return faults.Count == 0 ? inputs : throw faults[0];
    }

    /// <summary>The shop under a NetworkPolicy <c>shop/p</c> of this spec.</summary>
    public static PolicyEngine ShopUnder(string spec) => PolicyEngine.Build(Read($"{Shop}---\n{Policy("p", spec)}"));

    public static string Policy(string name, string spec) =>
        $"{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: {name}, namespace: shop}}, spec: {spec}}}\n";

    public static Verdict Ask(this PolicyEngine engine, string from, string to, int port, TransportProtocol protocol = TransportProtocol.Tcp) =>
        engine.Ask(engine.Party(from), engine.Party(to), protocol, port);

    public static bool Can(this PolicyEngine engine, string from, string to, int port, TransportProtocol protocol = TransportProtocol.Tcp) =>
        engine.Ask(from, to, port, protocol).IsAllowed;

    public static NetPulse.Optimizer.Policies.Classes.Party Party(this PolicyEngine engine, string name) =>
        IpValue.TryParse(name, out var address) ? engine.At(address) : engine.PodNamed(name) ?? throw new ArgumentException($"no pod {name}", nameof(name));
}
