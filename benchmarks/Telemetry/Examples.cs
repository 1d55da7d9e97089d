using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Benchmarks;

/// <summary>A node's reading: every TCP metric of many workload pairs.</summary>
internal static class Examples
{
    public static Sample[] Reading(int series, long unixMilliseconds)
    {
        var samples = new Sample[series];
        for (var i = 0; i < series; i++)
        {
            var metric = TcpMetrics.All[i % TcpMetrics.All.Length];
            var pair = i / TcpMetrics.All.Length;
            samples[i] = new Sample(
                LabelSet.Of(
                    metric.Name,
                    (LabelNames.Node, "node-1"),
                    (LabelNames.Namespace, "shop"),
                    (LabelNames.Workload, $"checkout-{pair % 40}"),
                    (LabelNames.Pod, $"checkout-{pair % 40}-7d9f8b6c5-{pair:x5}"),
                    (LabelNames.PeerNamespace, "data"),
                    (LabelNames.PeerWorkload, $"orders-{pair % 7}"),
                    (LabelNames.PeerPod, $"orders-{pair % 7}-0"),
                    (LabelNames.ServerPort, "5432"),
                    (LabelNames.Role, LabelNames.Client)),
                unixMilliseconds,
                (i * 7919L % 1_000_003) + (i % 10 == 0 ? 0.125 : 0));
        }

        return samples;
    }
}
