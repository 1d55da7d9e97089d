using System.Collections.Frozen;
using NetPulse.Collector.Attribution;
using NetPulse.Linux.Cgroups;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Collector.Sources.Kubelet;

/// <summary>Packets and drops of each pod and of the node, which the summary lacks.</summary>
/// <remarks>
/// Source: <c>/metrics/cadvisor</c>. The numbers stand at the pod's sandbox, whose id (its cgroup's path) changes when it is made anew. A pod in the
/// node's network is left out.
/// </remarks>
public sealed class KubeletNetwork(KubeletEndpoint endpoint, NodeObserver observer, NodeName node, TimeProvider time) : ISource
{
    public const string Path = "/metrics/cadvisor";

    private const string RootCgroup = "/";

    private static readonly FrozenDictionary<string, (MetricDefinition OfPod, MetricDefinition OfNode, string Direction)> Wanted =
        new Dictionary<string, (MetricDefinition, MetricDefinition, string)>(StringComparer.Ordinal)
        {
            ["container_network_receive_packets_total"] = (KubeletMetrics.PodPackets, KubeletMetrics.NodePackets, LabelNames.Receive),
            ["container_network_transmit_packets_total"] = (KubeletMetrics.PodPackets, KubeletMetrics.NodePackets, LabelNames.Transmit),
            ["container_network_receive_packets_dropped_total"] = (KubeletMetrics.PodDropped, KubeletMetrics.NodeDropped, LabelNames.Receive),
            ["container_network_transmit_packets_dropped_total"] = (KubeletMetrics.PodDropped, KubeletMetrics.NodeDropped, LabelNames.Transmit),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly KubeletCounters counters = new(node.Value);
    private readonly HashSet<string> firstIds = new(StringComparer.Ordinal);
    private bool isFirst = true;
    private byte[]? known;

    public string Name => "kubelet-cadvisor";

    /// <inheritdoc/>
    public void Read(SampleWriter samples)
    {
        if (endpoint.Body is not { } body)
        {
            return;
        }

        if (!ReferenceEquals(body, known))
        {
            try
            {
                counters.Observe(ReadAnswer([.. PrometheusText.Read(body, Wanted.ContainsKey)]), time.GetUtcNow());
            }
            catch (FormatException e)
            {
                throw new InvalidDataException($"kubelet {Path}: {e.Message}", e);
            }

            known = body;
        }

        counters.Write(samples);
    }

    private List<KubeletReading> ReadAnswer(List<PrometheusLine> lines)
    {
        var picture = observer.Current;
        var readings = new List<KubeletReading>();
        var nodes = lines.Where(line => line.Labels.GetValueOrDefault("id") == RootCgroup).Select(line => line.Labels.GetValueOrDefault("interface", "")).ToHashSet(StringComparer.Ordinal);
        foreach (var ofId in lines.GroupBy(line => line.Labels.GetValueOrDefault("id", ""), StringComparer.Ordinal))
        {
            var labels = ofId.First().Labels;
            var uid = PodCgroup.UidOf(ofId.Key) ?? "";
            var isNode = ofId.Key == RootCgroup;
            if (!isNode && labels.GetValueOrDefault("pod", "").Length == 0)
            {
                continue;
            }

            var owner = isNode ? null : KubeletPods.Identity(picture, uid, labels.GetValueOrDefault("namespace", ""), labels["pod"]);
            if (owner is not null && (owner.IsHostNetwork || (picture.Owners.PodOf(uid) is null && IsNodes(ofId, nodes))))
            {
                continue;
            }

            var isYoung = !isFirst && !firstIds.Contains(ofId.Key);
            foreach (var line in ofId.Where(line => line.At is not null))
            {
                var (ofPod, ofNode, direction) = Wanted[line.Name];
                readings.Add(new KubeletReading(
                    isNode ? ofNode : ofPod,
                    owner,
                    isNode ? "" : $"{labels.GetValueOrDefault("namespace", "")}/{labels["pod"]}/{uid}",
                    ofId.Key,
                    isYoung,
                    new Label(LabelNames.Interface, line.Labels.GetValueOrDefault("interface", "")),
                    new Label(LabelNames.Direction, direction),
                    line.Value,
                    line.At!.Value));
            }

            if (isFirst)
            {
                firstIds.Add(ofId.Key);
            }
        }

        isFirst = false;
        return readings;
    }

    /// <summary>A pod has one interface of its own, rarely two; whoever shows several and just the node's is in the node's network.</summary>
    private static bool IsNodes(IEnumerable<PrometheusLine> lines, HashSet<string> nodes)
    {
        var own = lines.Select(line => line.Labels.GetValueOrDefault("interface", "")).ToHashSet(StringComparer.Ordinal);
        return own.Count > 1 && own.SetEquals(nodes);
    }
}
