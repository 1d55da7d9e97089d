using System.Collections.Immutable;

namespace NetPulse.Telemetry.Samples;

/// <summary>What the kubelet says, each sample with the time at which the kubelet measured it. Labels: node; for a pod's, namespace, workload, pod; interface and direction.</summary>
public static class KubeletMetrics
{
    public static readonly MetricDefinition PodIoBytes = new("netpulse_kubelet_pod_network_io_bytes_total", MetricKind.Counter, "bytes",
        "Bytes of the pod by interface and direction, since the collector began or the pod did; pods in the node's network are left out.", "kubelet /stats/summary pods[].network");

    public static readonly MetricDefinition PodErrors = new("netpulse_kubelet_pod_network_errors_total", MetricKind.Counter, "",
        "Packets in error of the pod by interface and direction.", "kubelet /stats/summary pods[].network");

    public static readonly MetricDefinition PodPackets = new("netpulse_kubelet_pod_network_packets_total", MetricKind.Counter, "",
        "Packets of the pod by interface and direction.", "kubelet /metrics/cadvisor container_network_*_packets_total");

    public static readonly MetricDefinition PodDropped = new("netpulse_kubelet_pod_network_dropped_total", MetricKind.Counter, "",
        "Packets dropped of the pod by interface and direction.", "kubelet /metrics/cadvisor container_network_*_packets_dropped_total");

    public static readonly MetricDefinition NodeIoBytes = new("netpulse_kubelet_node_network_io_bytes_total", MetricKind.Counter, "bytes",
        "Bytes of the node by interface and direction, without veth and loopback.", "kubelet /stats/summary node.network");

    public static readonly MetricDefinition NodeErrors = new("netpulse_kubelet_node_network_errors_total", MetricKind.Counter, "",
        "Packets in error of the node by interface and direction.", "kubelet /stats/summary node.network");

    public static readonly MetricDefinition NodePackets = new("netpulse_kubelet_node_network_packets_total", MetricKind.Counter, "",
        "Packets of the node by interface and direction.", "kubelet /metrics/cadvisor, id /");

    public static readonly MetricDefinition NodeDropped = new("netpulse_kubelet_node_network_dropped_total", MetricKind.Counter, "",
        "Packets dropped of the node by interface and direction.", "kubelet /metrics/cadvisor, id /");

    public static readonly MetricDefinition PodProcessorSeconds = new("netpulse_kubelet_pod_cpu_seconds_total", MetricKind.Counter, "seconds",
        "Processor time of the pod.", "kubelet /metrics/resource pod_cpu_usage_seconds_total");

    public static readonly MetricDefinition PodMemory = new("netpulse_kubelet_pod_memory_working_set_bytes", MetricKind.Gauge, "bytes",
        "Memory of the pod that cannot be given back.", "kubelet /metrics/resource pod_memory_working_set_bytes");

    public static readonly MetricDefinition NodeProcessorSeconds = new("netpulse_kubelet_node_cpu_seconds_total", MetricKind.Counter, "seconds",
        "Processor time of the node.", "kubelet /metrics/resource node_cpu_usage_seconds_total");

    public static readonly MetricDefinition NodeMemory = new("netpulse_kubelet_node_memory_working_set_bytes", MetricKind.Gauge, "bytes",
        "Memory of the node that cannot be given back.", "kubelet /metrics/resource node_memory_working_set_bytes");

    public static readonly MetricDefinition HostNetworkPods = new("netpulse_kubelet_host_network_pods", MetricKind.Gauge, "",
        "Pods left out because they use the node's network, whose bytes the node has.", "kubelet /stats/summary");

    public static readonly MetricDefinition PodsWithoutNetwork = new("netpulse_kubelet_pods_without_network", MetricKind.Gauge, "",
        "Pods for which the kubelet gave no network numbers this time.", "kubelet /stats/summary");

    public static readonly ImmutableArray<MetricDefinition> All =
    [
        PodIoBytes, PodErrors, PodPackets, PodDropped, NodeIoBytes, NodeErrors, NodePackets, NodeDropped, PodProcessorSeconds, PodMemory,
        NodeProcessorSeconds, NodeMemory, HostNetworkPods, PodsWithoutNetwork,
    ];
}
