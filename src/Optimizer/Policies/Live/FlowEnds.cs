using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Checks;
using NetPulse.Optimizer.Policies.Classes;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Recommendation;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Policies.Live;

/// <summary>Who is behind the names that the collectors give to the two ends of a connection: a pod, a Service, a node; any other stands for many, or for nobody that we know.</summary>
public sealed class FlowEnds
{
    /// <summary>With its UID: a pod of which the collector had not heard yet.</summary>
    private const string UnknownPod = "pod-";

    private readonly Dictionary<string, FlowEnd> nodes;
    private readonly Dictionary<string, FlowEnd> podsByUid;
    private readonly ILookup<string, Pod> pods;
    private readonly Dictionary<(string Namespace, string Name), (Service Service, Lazy<List<Pod>> Behind)> services;

    public FlowEnds(PolicyPicture picture)
    {
        var inputs = picture.Inputs;
        nodes = inputs.Nodes.Select(static n => (n.Metadata.Name, Address: First(n.Status.Addresses.Select(static a => a.Address)))).Where(static n => n.Address is not null)
            .ToDictionary(static n => n.Name, static n => new FlowEnd("", n.Address), StringComparer.Ordinal);
        podsByUid = inputs.Pods.Where(static p => p.Metadata.Uid.Length > 0).ToDictionary(static p => $"{UnknownPod}{p.Metadata.Uid}", static p => new FlowEnd(FlowResolver.NameOf(p), null), StringComparer.Ordinal);
        pods = inputs.Pods.Where(Party.IsManaged).ToLookup(static p => p.Metadata.Namespace, StringComparer.Ordinal);
        services = picture.Services.ToDictionary(static s => (s.Metadata.Namespace, s.Metadata.Name), s => (s, new Lazy<List<Pod>>(() => [.. pods[s.Metadata.Namespace].Where(p => Selection.IsBehind(p, s))])));
    }

    /// <param name="who">As the collector on the node wrote it.</param>
    /// <param name="node">Where it was written.</param>
    public FlowEnd Of(WorkloadIdentity who, string node) => who switch
    {
        { Pod.Length: > 0 } => new FlowEnd($"{who.Namespace}/{who.Pod}", null),
        { Namespace.Length: > 0 } => services.TryGetValue((who.Namespace, who.Workload), out var known) && First(known.Service.Spec.ClusterIPs.Append(known.Service.Spec.ClusterIP)) is { } address
            ? new FlowEnd("", address)
            : FlowEnd.Unnamed($"{who.Namespace}/{who.Workload}"),
        _ => nodes.TryGetValue(who == WorkloadIdentity.Host ? node : who.Workload, out var end) || podsByUid.TryGetValue(who.Workload, out end) ? end : FlowEnd.Unnamed(who.Workload),
    };

    /// <summary>As <see cref="Of"/>, but for a Service the pods behind it, and their port: policies are asked after the translation.</summary>
    /// <param name="who">As the collector on the node wrote it.</param>
    /// <param name="node">Where it was written.</param>
    /// <param name="protocol">As Kubernetes writes it.</param>
    /// <param name="port">Of the Service.</param>
    public IEnumerable<(FlowEnd End, int Port)> Behind(WorkloadIdentity who, string node, string protocol, int port) =>
        who.Pod.Length == 0 && services.TryGetValue((who.Namespace, who.Workload), out var known) && known.Behind.Value is { Count: > 0 } behind
            ? behind.Select(pod => (new FlowEnd(FlowResolver.NameOf(pod), null), known.Service.Spec.Ports.FirstOrDefault(p => p.Port == port && p.Protocol == protocol) is { } stated ? FlowResolver.TargetOf(stated, pod) : port))
            : [(Of(who, node), port)];

    private static IpValue? First(IEnumerable<string> texts) =>
        texts.Select(static text => IpValue.TryParse(text, out var address) ? address : (IpValue?)null).FirstOrDefault(static address => address is not null);
}
