using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>The kernel remembers from one lossy episode that a peer takes little, and every new connection to it leaves slow start at once.</summary>
/// <remarks>
/// A connection that ends well leaves half of its last window behind (tcp_update_metrics), so that some of it is learned anew: the first transfers after the episode take the longest,
/// and from the tenth on each ends with the window that the next one leaves behind, too.
/// </remarks>
public static class StaleMetricsScenario
{
    internal static Scenario Create()
    {
        var fetches = new PodPairs("publisher", "cache")
        {
            FromSysctls = PodPairs.Sysctls(("net.ipv4.tcp_no_metrics_save", "0"), ("net.ipv4.tcp_no_ssthresh_metrics_save", "0"), ("net.ipv4.tcp_wmem", "4096 16384 16777216")),
            ToSysctls = PodPairs.Sysctls(("net.ipv4.tcp_rmem", "4096 131072 16777216")),
        };
        // So near that a window grows by packets, not by time, and so far that a busy machine's delays do not end slow start.
        var path = PodPairs.Link(50, 100, 4 << 20);
        return new Scenario
        {
            Name = "stale-metrics",
            Problem = "the path was narrow and lossy for some seconds and is well again, but the ssthresh of then is remembered for every new connection",
            Pods = fetches.Pods,
            Paths = [.. fetches.Paths(path).Select(each => each with { Episode = (path with { BitsPerSecond = 1_500_000, QueueBytes = 9_000 }, TimeSpan.FromSeconds(5)) })],
            Loads = fetches.Loads(static place => new TransferBursts(place, new BurstSettings(9016, 1_000_000, TimeSpan.FromMilliseconds(500), "cubic", IsOneConnection: false))),
            Healing = [new SysctlChange(fetches.FirstSender, "net.ipv4.tcp_no_ssthresh_metrics_save", "1")],
            AlsoHeals = ["net.ipv4.tcp_no_metrics_save"],
            Expected = new Expectation(920, 412, "ms"),
            Causes = ["StaleRouteMetrics"],
            Settling = TimeSpan.FromSeconds(5),
            Measuring = TimeSpan.FromSeconds(9),
        };
    }
}
