using System.Globalization;
using NetPulse.Collector.Attribution;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Sources.Kubelet;

/// <summary>Bytes and errors of each pod and of the node, as the kubelet counts them.</summary>
/// <remarks>
/// Source: <c>/stats/summary</c>. A pod in the node's network shows the node's interfaces and is left out, else they counted twice. A counter
/// belongs to a UID and a start time: a sandbox that is made anew keeps the first and changes the second.
/// </remarks>
public sealed class KubeletSummary(KubeletEndpoint endpoint, NodeObserver observer, NodeName node, TimeProvider time) : ISource
{
    public const string Path = "/stats/summary";

    private const double NodesShare = 0.99;

    private readonly KubeletCounters counters = new(node.Value);
    private readonly SeriesLabels labels = new(node.Value);
    private readonly DateTimeOffset began = time.GetUtcNow();
    private byte[]? known;
    private int hostNetworkPods;
    private int podsWithoutNetwork;

    public string Name => "kubelet-summary";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        if (endpoint.Body is not { } body)
        {
            return;
        }

        if (!ReferenceEquals(body, known))
        {
            counters.Observe(ReadAnswer(SummaryFile.Read(body)), time.GetUtcNow());
            known = body;
        }

        counters.Write(samples);
        labels.BeginReading();
        samples.Write(KubeletMetrics.HostNetworkPods, labels.Of(KubeletMetrics.HostNetworkPods, null), hostNetworkPods);
        samples.Write(KubeletMetrics.PodsWithoutNetwork, labels.Of(KubeletMetrics.PodsWithoutNetwork, null), podsWithoutNetwork);
    }

    private List<KubeletReading> ReadAnswer(SummaryFile summary)
    {
        var picture = observer.Current;
        var readings = new List<KubeletReading>();
        hostNetworkPods = podsWithoutNetwork = 0;
        if (summary.Node.Network is { } ofNode)
        {
            Add(readings, KubeletMetrics.NodeIoBytes, KubeletMetrics.NodeErrors, null, "", Run(summary.Node.StartTime), summary.Node.StartTime, ofNode);
        }

        foreach (var pod in summary.Pods)
        {
            var owner = KubeletPods.Identity(picture, pod.PodRef.Uid, pod.PodRef.Namespace, pod.PodRef.Name);
            if (pod.Network is null)
            {
                podsWithoutNetwork++;
            }
            else if (owner.IsHostNetwork || (picture.Owners.PodOf(pod.PodRef.Uid) is null && IsNodes(pod.Network, summary.Node.Network)))
            {
                hostNetworkPods++;
            }
            else
            {
                Add(readings, KubeletMetrics.PodIoBytes, KubeletMetrics.PodErrors, owner, pod.PodRef.Uid, Run(pod.StartTime), pod.StartTime, pod.Network);
            }
        }

        return readings;
    }

    private void Add(
        List<KubeletReading> readings, MetricDefinition bytes, MetricDefinition errors, WorkloadIdentity? owner, string subject, string run, DateTimeOffset startTime, SummaryNetwork network)
    {
        foreach (var each in network.Interfaces)
        {
            foreach (var (metric, direction, value) in new[]
            {
                (bytes, LabelNames.Receive, each.RxBytes),
                (bytes, LabelNames.Transmit, each.TxBytes),
                (errors, LabelNames.Receive, each.RxErrors),
                (errors, LabelNames.Transmit, each.TxErrors),
            })
            {
                if (value is { } number)
                {
                    readings.Add(new KubeletReading(
                        metric, owner, subject, run, startTime > began, new Label(LabelNames.Interface, each.Name), new Label(LabelNames.Direction, direction), number, network.Time));
                }
            }
        }
    }

    /// <summary>Whether a pod of which nothing else is known shows the node's own interfaces: several of the same names, or the one with nearly the same counts.</summary>
    private static bool IsNodes(SummaryNetwork pod, SummaryNetwork? ofNode)
    {
        if (ofNode is null || pod.Interfaces.Count == 0 || !pod.Interfaces.Select(each => each.Name).ToHashSet(StringComparer.Ordinal).SetEquals(ofNode.Interfaces.Select(each => each.Name)))
        {
            return false;
        }

        return pod.Interfaces.Count > 1 || (IsNear(pod.Interfaces[0].RxBytes, ofNode.Interfaces[0].RxBytes) && IsNear(pod.Interfaces[0].TxBytes, ofNode.Interfaces[0].TxBytes));
    }

    private static bool IsNear(double? a, double? b) => a is { } one && b is { } other && Math.Min(one, other) >= NodesShare * Math.Max(one, other);

    private static string Run(DateTimeOffset startTime) => startTime.UtcTicks.ToString(CultureInfo.InvariantCulture);
}
