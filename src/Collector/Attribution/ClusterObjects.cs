using System.Diagnostics.Metrics;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Watching;

namespace NetPulse.Collector.Attribution;

/// <summary>The pods, services and nodes that the API server tells, by three watches for as long as we run.</summary>
public sealed partial class ClusterObjects : BackgroundService, IClusterObjects
{
    private readonly FollowedObjects<Pod, KnownPod> pods;
    private readonly FollowedObjects<Service, AddressOwner> services;
    private readonly FollowedObjects<Node, AddressOwner> nodes;
    private readonly string node;
    private readonly TimeProvider time;
    private readonly DateTimeOffset started;
    private readonly ILogger<ClusterObjects> logger;
    private bool isNodeChecked;

    /// <param name="client">Of the API server; it is the caller's to dispose of.</param>
    /// <param name="node">This node's name there.</param>
    /// <param name="peerPods">Whether other nodes' pods are wanted, too.</param>
    /// <param name="timing">How patient the watches are; as <see cref="StreamTiming"/> says unless given.</param>
    public ClusterObjects(KubernetesClient client, string node, bool peerPods, TimeProvider time, Meter meter, ILogger<ClusterObjects> logger, StreamTiming? timing = null)
    {
        (this.node, this.time, this.logger, started) = (node, time, logger, time.GetUtcNow());
        var query = peerPods ? ResourceQuery.All : new ResourceQuery { FieldSelector = $"spec.nodeName={node}" };
        pods = new(new ResourceStream<Pod>(client, query, time, logger, timing), pod => KnownPod.Of(pod, pod.Spec.NodeName == node));
        services = new(new ResourceStream<Service>(client, ResourceQuery.All, time, logger, timing), AddressOwner.Of);
        nodes = new(new ResourceStream<Node>(client, ResourceQuery.All, time, logger, timing), AddressOwner.Of);
        meter.CreateObservableGauge("netpulse_attribution_age_seconds", () => Age.TotalSeconds, description: "Seconds since the API server was last heard of pods, services or nodes, whichever is longest ago; below two minutes while it can be watched.");
        meter.CreateObservableGauge("netpulse_attribution_pods", () => Pods.Count, description: "Pods that the API server has told us of.");
    }

    public IReadOnlyList<KnownPod> Pods => pods.Objects;

    public IReadOnlyList<AddressOwner> Services => services.Objects;

    public IReadOnlyList<AddressOwner> Nodes => nodes.Objects;

    /// <summary>How old the oldest of what is known may be: since the start where nothing is known yet.</summary>
    public TimeSpan Age => time.GetUtcNow() - new[] { pods.HeardAt, services.HeardAt, nodes.HeardAt }.Min(heard => heard ?? started);

    public bool Refresh()
    {
        var changed = pods.Take();
        changed |= services.Take();
        changed |= nodes.Take();
        if (!isNodeChecked && nodes.HeardAt is not null && changed)
        {
            isNodeChecked = true;
            if (!nodes.Objects.Any(each => each.Owner.Workload == node))
            {
                LogNodeUnknown(node);
            }
        }

        return changed;
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(pods.FollowAsync(stoppingToken), services.FollowAsync(stoppingToken), nodes.FollowAsync(stoppingToken));

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cluster has no node {Node}: no pod counts as running here; set node.name to this node's name in Kubernetes (spec.nodeName by the downward API)")]
    private partial void LogNodeUnknown(string node);
}
