using System.Collections.Immutable;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Proposals;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Verify;

/// <summary>What no change may make worse where it is made, whatever it is to improve: memory pressure, drops, and processor time.</summary>
public static class CommonGuards
{
    /// <summary>Growth that is more than a busier moment.</summary>
    private const double WorstRatio = 2;

    /// <summary>The class of packets for which there was no room (docs/drops.md).</summary>
    private const string Congestion = "congestion";

    public static ImmutableArray<GuardMetric> Of(Change change)
    {
        Subject place = change.Pod is { } pod ? new Subject.OfPod(change.Node, new WorkloadIdentity(pod.Namespace, change.Workload, pod.Name)) : new Subject.OfNode(change.Node);
        return
        [
            new GuardMetric("TCP memory pressure", "1/s", Measure.RateOf(place.SelectAtOwner(NamespaceMetrics.MemoryPressures)), WorstRatio, WorstIncrease: 0.05),
            new GuardMetric("receive queue drops", "1/s", Measure.RateOf(place.SelectAtOwner(NamespaceMetrics.ReceiveQueueDrops), place.SelectAtOwner(NamespaceMetrics.BacklogDrops)), WorstRatio, WorstIncrease: 5),
            new GuardMetric("packets dropped for want of room", "1/s", Measure.RateOf(place.SelectAtOwner(DropMetrics.Packets, (LabelNames.Class, Congestion))), WorstRatio, WorstIncrease: 50),
            new GuardMetric("backlog drops of the node", "1/s", Measure.RateOf(SeriesSelector.Of(NodeMetrics.SoftnetDropped.Name, (LabelNames.Node, change.Node))), WorstRatio, WorstIncrease: 50),
            new GuardMetric("processor time of the node", "cores", Measure.RateOf(SeriesSelector.Of(KubeletMetrics.NodeProcessorSeconds.Name, (LabelNames.Node, change.Node))), WorstRatio, WorstIncrease: 1),
        ];
    }
}
