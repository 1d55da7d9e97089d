using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>An urgent message waits behind what the same connection already keeps in its send buffer.</summary>
public static class HeadOfLineScenario
{
    internal static Scenario Create()
    {
        var streams = new PodPairs("streamer", "viewer")
        {
            FromSysctls = PodPairs.Sysctls(("net.ipv4.tcp_wmem", "4096 1048576 2097152")),
        };
        return new Scenario
        {
            Name = "head-of-line",
            Problem = "urgent messages share a connection with bulk data, of which the send buffer takes as much as it can hold",
            Pods = streams.Pods,
            Paths = streams.Paths(PodPairs.Link(20, 20, 64 * 1024)),
            Loads = streams.Loads(
                static place => new UrgentMessages(place, new UrgentSettings(9018, TimeSpan.FromMilliseconds(100), BulkBitsPerSecond: 4_000_000, "bbr")),
                static load => load.BulkBitsPerSecond = null),
            Healing = [new SysctlChange(streams.FirstSender, "net.ipv4.tcp_notsent_lowat", "16384")],
            Expected = new Expectation(370, 37, "ms"),
            Causes = ["HeadOfLineBlocking"],
        };
    }
}
