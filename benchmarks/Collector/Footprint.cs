using System.Diagnostics;

namespace NetPulse.Benchmarks.Collector;

/// <summary>What the collector itself costs, with a reading every 10 seconds.</summary>
/// <param name="Connections">Open, both ends on this node: twice as many sockets.</param>
/// <param name="CpuMillisecondsPerSecond">Of all its threads, kernel and user.</param>
/// <param name="ResidentMebibytes">At the end.</param>
internal sealed record Footprint(int Connections, double CpuMillisecondsPerSecond, double ResidentMebibytes)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>Measures after the first three readings.</summary>
    internal static Footprint Measure(int connections, TimeSpan duration) => Measure(connections, duration, parts: 1).Single();

    /// <summary>As above, one part of the time after the other.</summary>
    internal static IEnumerable<Footprint> Measure(int connections, TimeSpan duration, int parts)
    {
        using var network = new PodNetwork("open", segmentOffload: true);
        using var held = new HeldConnections(network, connections);
        using var collector = Agent.StartOurs(Interval);
        using var never = new ManualResetEventSlim();
        never.Wait(3 * Interval);
        for (var part = 0; part < parts; part++)
        {
            var before = collector.CpuTime;
            var since = Stopwatch.StartNew();
            never.Wait(duration / parts);
            var spent = collector.CpuTime - before;
            yield return new Footprint(connections, Math.Round(spent.TotalMilliseconds / since.Elapsed.TotalSeconds, 2), Math.Round(collector.ResidentMebibytes, 1));
        }
    }
}
