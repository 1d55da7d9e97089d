using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>A connection that was idle for longer than its retransmission timeout begins anew with a small window.</summary>
public static class IdleRestartScenario
{
    /// <summary>The window is halved for each retransmission timeout of a pause: after fewer of them it would depend on what it was before the trouble.</summary>
    private static readonly TimeSpan BetweenBursts = TimeSpan.FromSeconds(2);

    internal static Scenario Create() => Bursts(
        "idle-restart", "1 MB every 2 s over 100 ms: after each pause cubic begins with ten packets again", "cubic") with
    {
        Expected = new Expectation(555, 204, "ms"),
        Causes = ["IdleRestart"],
    };

    /// <summary>bbr does not look at that setting.</summary>
    internal static Scenario UnderBbr() => Bursts(
        "idle-restart-bbr", "1 MB every 2 s over 100 ms under bbr, which does not look at tcp_slow_start_after_idle", "bbr");

    private static Scenario Bursts(string name, string problem, string congestionControl)
    {
        var reports = new PodPairs("reporter", "warehouse");
        return new Scenario
        {
            Name = name,
            Problem = problem,
            Pods = reports.Pods,
            Paths = reports.Paths(PodPairs.Link(10, 100, 4 << 20), PodPairs.Link(100, 100, 4 << 20)),
            Loads = reports.Loads(place => new TransferBursts(place, new BurstSettings(9015, 1_000_000, BetweenBursts, congestionControl, IsOneConnection: true))),
            Healing = [new SysctlChange(reports.FirstSender, "net.ipv4.tcp_slow_start_after_idle", "0")],
            Settling = TimeSpan.FromSeconds(6),
            Measuring = TimeSpan.FromSeconds(8),
        };
    }
}
