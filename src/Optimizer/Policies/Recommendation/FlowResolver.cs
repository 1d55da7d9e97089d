using System.Globalization;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Checks;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Ports;

namespace NetPulse.Optimizer.Policies.Recommendation;

/// <summary>Who the ends of a flow are. A pod's name counts more than its address, which may since belong to another pod.</summary>
internal sealed class FlowResolver
{
    private readonly WorkloadGroups groups;
    private readonly Dictionary<string, Pod> podsByName = new(StringComparer.Ordinal);
    private readonly Dictionary<IpValue, Pod> podsByAddress = [];
    private readonly Dictionary<IpValue, Service> servicesByAddress = [];
    private readonly Dictionary<IpValue, string> nodesByAddress = [];
    private readonly List<Service> offering;
    private readonly Dictionary<WorkloadGroup, HashSet<(string Protocol, int Port)>> declared = [];
    private readonly Dictionary<string, IpValue> addressOfNode = new(StringComparer.Ordinal);

    public FlowResolver(RecommendationInputs inputs, WorkloadGroups groups)
    {
        this.groups = groups;
        foreach (var node in inputs.Cluster.Nodes)
        {
            foreach (var address in Parse(node.Status.Addresses.Select(static a => a.Address)))
            {
                nodesByAddress.TryAdd(address, node.Metadata.Name);
                addressOfNode.TryAdd(node.Metadata.Name, address);
            }
        }

        foreach (var pod in inputs.Cluster.Pods)
        {
            podsByName.TryAdd(NameOf(pod), pod);
            if (Party.IsManaged(pod))
            {
                foreach (var address in Parse(pod.Status.PodIPs.Select(static a => a.Ip).Append(pod.Status.PodIP)))
                {
                    podsByAddress.TryAdd(address, pod);
                }
            }
        }

        offering = [.. inputs.Services.Where(static s => s.Spec.Type is ServiceSpec.LoadBalancer or ServiceSpec.NodePort && s.Spec.Selector.Count > 0)];
        foreach (var service in inputs.Services)
        {
            foreach (var address in Parse(service.Spec.ClusterIPs.Append(service.Spec.ClusterIP).Concat(service.Spec.ExternalIPs)))
            {
                servicesByAddress.TryAdd(address, service);
            }
        }
    }

    /// <summary>Every address that belongs to the cluster: no block of outside addresses may hold one.</summary>
    public IEnumerable<IpValue> OwnAddresses => podsByAddress.Keys.Concat(servicesByAddress.Keys).Concat(nodesByAddress.Keys);

    public Endpoint Source(in FlowEnd end) => Resolve(end);

    /// <summary>A service's address becomes the pods behind it, and its port theirs.</summary>
    public (Endpoint Endpoint, int Port) Destination(in FlowEnd end, string protocol, int port)
    {
        if (end.Pod.Length > 0 || end.Address is not { } address || !servicesByAddress.TryGetValue(address, out var service))
        {
            return (Resolve(end), port);
        }

        var name = $"{service.Metadata.Namespace}/{service.Metadata.Name}";
        var behind = podsByName.Values.Where(Party.IsManaged).FirstOrDefault(pod => Selection.IsBehind(pod, service));
        if (behind is null)
        {
            return (new Endpoint.ServiceAddress(name, address), port);
        }

        var stated = service.Spec.Ports.FirstOrDefault(p => p.Port == port && p.Protocol == protocol);
        var target = stated is null ? port : TargetOf(stated, behind);
        return (groups.Of(NameOf(behind)) is { } group ? new Endpoint.Workload(group) : new Endpoint.ServiceAddress(name, address), target);
    }

    /// <summary>Whether the pod, or a service in front of it, says that it listens there.</summary>
    public bool IsDeclared(Endpoint destination, string protocol, int port)
    {
        if (destination is not Endpoint.Workload { Group: var group })
        {
            return false;
        }

        if (!declared.TryGetValue(group, out var ports))
        {
            ports = [.. group.Pods.SelectMany(static p => p.Spec.Containers.Concat(p.Spec.InitContainers)).SelectMany(static c => c.Ports).Select(static p => (p.Protocol, p.Number))];
            declared.Add(group, ports);
        }

        return ports.Contains((protocol, port));
    }

    /// <summary>Whether a node calls a pod of its own, as the kubelet does: that is always allowed. What is offered to callers from outside may come by any node.</summary>
    public bool IsOfOwnNode(Endpoint source, in FlowEnd destination, TransportProtocol protocol, int port) =>
        source is Endpoint.Host { IsPod: false } host && PodOf(destination) is { } pod && pod.Spec.NodeName == host.Node && !IsOffered([pod], protocol, port);

    /// <summary>Whether a load balancer or a node port offers a pod's port to callers from outside.</summary>
    public bool IsOffered(IEnumerable<Pod> pods, TransportProtocol protocol, int port) =>
        offering.Any(service => pods.Any(pod => Selection.IsBehind(pod, service)
            && service.Spec.Ports.Any(p => p.Protocol == protocol.Text() && TargetOf(p, pod) == port)));

    /// <summary>The pod's port behind a port of its service.</summary>
    public static int TargetOf(ServicePort port, Pod pod) => port.TargetPort switch
    {
        { Name: { } name } => ContainerPort(pod, name, port.Protocol) ?? port.Port,
        { Number: > 0 and var number } => number,
        _ => port.Port,
    };

    /// <summary>The addresses of all nodes.</summary>
    public IEnumerable<IpValue> NodeAddresses => nodesByAddress.Keys;

    private Pod? PodOf(in FlowEnd end) =>
        end.Pod.Length > 0 ? podsByName.GetValueOrDefault(end.Pod) : end.Address is { } address ? podsByAddress.GetValueOrDefault(address) : null;

    public static string NameOf(Pod pod) => string.Create(CultureInfo.InvariantCulture, $"{pod.Metadata.Namespace}/{pod.Metadata.Name}");

    private Endpoint Resolve(in FlowEnd end)
    {
        if (PodOf(end) is { } pod)
        {
            if (groups.Of(NameOf(pod)) is { } group)
            {
                return new Endpoint.Workload(group);
            }

            if (!pod.Spec.HostNetwork)
            {
                return new Endpoint.Unnameable(NameOf(pod), Party.IsManaged(pod) ? RecommendationFlags.UnselectablePod : RecommendationFlags.UnknownPod);
            }

            return addressOfNode.TryGetValue(pod.Spec.NodeName, out var nodeAddress) ? new Endpoint.Host(pod.Spec.NodeName, end.Address ?? nodeAddress, IsPod: true)
                : end.Address is { } own ? new Endpoint.Host(pod.Spec.NodeName, own, IsPod: true)
                : new Endpoint.Unnameable(NameOf(pod), RecommendationFlags.HostNetwork);
        }

        if (end.Pod.Length > 0)
        {
            return new Endpoint.Unnameable(end.Pod, RecommendationFlags.UnknownPod);
        }

        if (end.Address is not { } address)
        {
            return new Endpoint.Unnameable($"{end}", RecommendationFlags.UnnamedPeer);
        }

        return nodesByAddress.TryGetValue(address, out var node) ? new Endpoint.Host(node, address, IsPod: false) : new Endpoint.Outside(address);
    }

    private static int? ContainerPort(Pod pod, string name, string protocol) =>
        pod.Spec.Containers.SelectMany(static c => c.Ports).FirstOrDefault(p => p.Name == name && p.Protocol == protocol)?.Number;

    private static IEnumerable<IpValue> Parse(IEnumerable<string> texts) =>
        texts.Select(static text => (IsAddress: IpValue.TryParse(text, out var address), Address: address)).Where(static a => a.IsAddress).Select(static a => a.Address);
}
