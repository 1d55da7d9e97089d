using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>A bulk sender fills a queue that is far too long, and everyone else waits behind it.</summary>
public static class BufferbloatScenario
{
    internal static Scenario Create()
    {
        var backup = LossScenario.Sender("cubic") with { From = "backup", To = "store" };
        return new Scenario
        {
            Name = "bufferbloat",
            Problem = "a backup under cubic keeps a queue of 1 MB full: requests beside it wait hundreds of milliseconds",
            Pods = backup.Pods,
            Paths = backup.Paths(PodPairs.Link(20, 20, 1_000_000)),
            NodeSysctls = LossScenario.Allowed,
            Loads =
            [
                .. backup.Loads(static place => new RequestResponse(place, new RequestSettings(9013, Connections: 1, TimeSpan.FromMilliseconds(50), Share: 0.9))),
                .. backup.Loads(
                    static place => new BulkTransfer(place, new TransferSettings(9014, ConnectionLifetime: TimeSpan.FromSeconds(12)) { WriteBitsPerSecond = 4_000_000 }),
                    static load => load.WriteBitsPerSecond = null).Select(load => load with { IsJudged = false }),
            ],
            Healing = [new SysctlChange(backup.FirstSender, "net.ipv4.tcp_congestion_control", "bbr")],
            AlsoHeals = ["net.ipv4.tcp_wmem"],
            Expected = new Expectation(341, 34, "ms"),
            Causes = ["Bufferbloat"],
            Settling = TimeSpan.FromSeconds(13),
            Measuring = TimeSpan.FromSeconds(10),
        };
    }
}
