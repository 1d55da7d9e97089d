using System.Collections.Immutable;
using System.Diagnostics;
using NetPulse.Optimizer.Detection.Incidents;

namespace NetPulse.Benchmarks.Detection;

/// <param name="MedianCpuMilliseconds">Of the process, for one search on one thread.</param>
/// <param name="Found">What was found; the change was made at one node.</param>
internal sealed record RootSpeed(int Leaves, int Dimensions, int Searches, double MedianCpuMilliseconds, string Found)
{
    private const int LeafCount = 10_000, SearchCount = 200;

    public static RootSpeed Measure()
    {
        var random = new Random(1);
        ImmutableArray<string> dimensions = ["zone", "node", "namespace", "peer namespace", "workload", "peer workload", "port", "pod", "peer pod"];
        var leaves = Enumerable.Range(0, LeafCount).Select(i =>
        {
            var (pod, peer) = (random.Next(2000), random.Next(2000));
            var usual = 1e6 * random.NextDouble();
            return new Leaf(
                [$"zone-{pod % 3}", $"node-{pod % 100}", $"team-{pod % 20}", $"team-{peer % 20}", $"app-{pod % 300}", $"app-{peer % 300}", $"{8000 + (peer % 10)}", $"app-{pod % 300}-{pod}", $"app-{peer % 300}-{peer}"],
                usual,
                usual * (pod % 100 == 42 ? 0.1 : 0.98 + (0.04 * random.NextDouble())));
        }).ToArray();

        // The first half compiles and warms up.
        RootDimension? found = null;
        var times = new List<double>();
        using var process = Process.GetCurrentProcess();
        for (var i = 0; i < 2 * SearchCount; i++)
        {
            process.Refresh();
            var before = process.TotalProcessorTime;
            found = RootSearch.Find(dimensions, leaves);
            process.Refresh();
            if (i >= SearchCount)
            {
                times.Add((process.TotalProcessorTime - before).TotalMilliseconds);
            }
        }

        return new RootSpeed(LeafCount, dimensions.Length, SearchCount, times.Order().ElementAt(SearchCount / 2), found?.ToString() ?? "nothing");
    }
}
