using System.Text.Json;
using System.Text.Json.Nodes;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Manifests;

namespace NetPulse.Optimizer.Policies.Cases;

/// <summary>The cluster of a case: policies as in manifests, pods, namespaces and nodes in the short form of case files.</summary>
internal static class CaseCluster
{
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Policies are taken as they are, also those that the API server would reject.</summary>
    /// <exception cref="ObjectFileException">A policy has a field that is not known or has another type.</exception>
    public static PolicyInputs Read(string file, JsonObject holder, string policiesField = "policies")
    {
        var faults = new List<ObjectFileException>();
        var policies = (holder[policiesField] as JsonArray ?? []).OfType<JsonObject>().Select(p => ManifestObject.OfJson(file, (JsonObject)p.DeepClone()));
        var inputs = ManifestInputs.Read(policies, faults, isChecked: false);
        if (faults.Count > 0)
        {
            throw faults[0];
        }

        var cluster = holder.Deserialize<Cluster>(Json)!;
        return inputs with
        {
            Namespaces = [.. cluster.Namespaces.Select(static n => new Namespace { Metadata = new ObjectMeta { Name = n.Name, Labels = n.Labels } })],
            Pods = [.. cluster.Pods.Select(static p => p.ToPod())],
            Nodes = [.. cluster.Nodes.Select(static n => n.ToNode())],
        };
    }

    private sealed record Cluster(List<Labelled>? Namespaces, List<CasePod>? Pods, List<CaseNode>? Nodes)
    {
        public List<Labelled> Namespaces { get; } = Namespaces ?? [];

        public List<CasePod> Pods { get; } = Pods ?? [];

        public List<CaseNode> Nodes { get; } = Nodes ?? [];
    }

    private sealed record Labelled(string Name, Dictionary<string, string>? Labels)
    {
        public Dictionary<string, string> Labels { get; } = Labels ?? [];
    }

    private sealed record CasePort(string? Name, int Port, string Proto);

    private sealed record CasePod(
        string Ns,
        string Name,
        Dictionary<string, string>? Labels,
        string? Ip,
        List<string>? Ips,
        bool HostNetwork,
        string? Node,
        string? Phase,
        List<CasePort>? Ports)
    {
        public Pod ToPod() => new()
        {
            Metadata = new ObjectMeta { Name = Name, Namespace = Ns, Labels = Labels ?? [] },
            Spec = new PodSpec
            {
                NodeName = Node ?? "",
                HostNetwork = HostNetwork,
                Containers = [new Container { Ports = [.. (Ports ?? []).Select(static p => new ContainerPort { Name = p.Name ?? "", Number = p.Port, Protocol = p.Proto })] }],
            },
            Status = new PodStatus
            {
                Phase = Phase ?? "",
                PodIP = Ip ?? "",
                PodIPs = [.. (Ips ?? []).Prepend(Ip ?? "").Where(static ip => ip.Length > 0).Distinct(StringComparer.Ordinal).Select(static ip => new PodAddress { Ip = ip })],
            },
        };
    }

    private sealed record CaseNode(string Name, string? Ip, List<string>? Ips, Dictionary<string, string>? Labels)
    {
        public Node ToNode() => new()
        {
            Metadata = new ObjectMeta { Name = Name, Labels = Labels ?? [] },
            Status = new NodeStatus { Addresses = [.. (Ips ?? []).Prepend(Ip ?? "").Where(static ip => ip.Length > 0).Distinct(StringComparer.Ordinal).Select(static ip => new NodeAddress { Type = "InternalIP", Address = ip })] },
        };
    }
}
