using System.Diagnostics;
using NetPulse.Optimizer.Policies.Addresses;
using NetPulse.Optimizer.Policies.Flows;
using NetPulse.Optimizer.Policies.Recommendation;

namespace NetPulse.Benchmarks.Policies;

/// <summary>Policies out of a million flows of 1,000 pods: each workload calls a few others, and addresses outside.</summary>
internal static class RecommendationMeasurement
{
    private const int Flows = 1_000_000;
    private const int Replicas = 8;

    public static IEnumerable<string> Rows()
    {
        var cluster = GeneratedCluster.Of(1_000, 0, false);
        var flows = Observed(cluster.Pods.Select(static p => ($"{p.Metadata.Namespace}/{p.Metadata.Name}", p.Status.PodIP)).ToList()).ToList();
        var inputs = new RecommendationInputs(cluster, [], new Dictionary<string, string>(StringComparer.Ordinal), flows);
        _ = PolicyRecommendation.Of(inputs with { Flows = flows.Take(10_000) }, new RecommendationOptions());
        var start = Stopwatch.GetTimestamp();
        var recommendation = PolicyRecommendation.Of(inputs, new RecommendationOptions());
        yield return $"| 1000/0 | recommendation from {Flows} flows ({recommendation.Policies.Count()} policies, {recommendation.Replay.Broken.Length} of {recommendation.Replay.Conversations} conversations broken) | {Stopwatch.GetElapsedTime(start).TotalSeconds:F2} s | 5 s |";
    }

    private static IEnumerable<ObservedFlow> Observed(List<(string Name, string Address)> pods)
    {
        var random = new Random(7);
        var end = new DateTimeOffset(2026, 1, 8, 0, 0, 0, TimeSpan.Zero);
        var callees = Enumerable.Range(0, pods.Count / Replicas).Select(_ => Enumerable.Range(0, 5).Select(_ => random.Next(pods.Count / Replicas)).ToList()).ToList();
        for (var i = 0; i < Flows; i++)
        {
            var app = random.Next(callees.Count);
            var source = pods[(app * Replicas) + random.Next(Replicas)];
            var (name, address) = random.Next(10) == 0 ? ("", $"203.0.{app % 20}.{random.Next(40)}") : pods[(callees[app][random.Next(5)] * Replicas) + random.Next(Replicas)];
            var at = end - TimeSpan.FromSeconds(random.Next(8 * 86_400));
            yield return new ObservedFlow("TCP", new FlowEnd(source.Name, Parse(source.Address)), new FlowEnd(name, Parse(address)), random.Next(32_768, 60_999), name.Length == 0 ? 443 : 8080, 1 + random.Next(9), at, at, FlowVerdict.Forwarded);
        }
    }

    private static IpValue? Parse(string text) => IpValue.TryParse(text, out var address) ? address : null;
}
