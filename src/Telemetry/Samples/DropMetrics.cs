using System.Collections.Immutable;

namespace NetPulse.Telemetry.Samples;

/// <summary>Packets that the kernel dropped. Labels: node, namespace, workload, pod, reason, class.</summary>
public static class DropMetrics
{
    public static readonly MetricDefinition Packets = new("netpulse_packet_drops_total", MetricKind.Counter, "",
        "Packets that the kernel dropped, by its own reason and by the class that we put the reason into.", "tp_btf/kfree_skb, enum skb_drop_reason");

    public static readonly ImmutableArray<MetricDefinition> All = [Packets];
}
