using System.Collections.Immutable;

namespace NetPulse.Telemetry.Samples;

/// <summary>Who is who, for joins. Labels: node, namespace, workload, pod, and those that the help names.</summary>
public static class AttributionMetrics
{
    public static readonly MetricDefinition ServiceConnections = new("netpulse_service_connections", MetricKind.Gauge, "",
        "Tracked connections to a Service, by client, Service and the pod that serves them after translation; the smallest pairs beyond 1,000 have the peer other.", "ctnetlink, IPS_DST_NAT");

    public static readonly MetricDefinition PodInfo = new("netpulse_pod_info", MetricKind.Gauge, "",
        "1: a pod of this node, what owns it, and whether it uses the node's own network.", "the pod's object");

    public static readonly ImmutableArray<MetricDefinition> All = [ServiceConnections, PodInfo];
}
