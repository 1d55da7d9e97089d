using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>More connections are open than the table of tracked connections has entries: packets of new ones are dropped.</summary>
public static class ConntrackScenario
{
    private static readonly PodPairs Chat = new("phone", "chat") { Count = 1, TracksConnections = true };

    internal static Scenario Create() => new()
    {
        Name = "conntrack-full",
        Problem = "3,000 connections stay open where the table has 1,500 entries",
        Pods = Chat.Pods,
        Paths = Chat.Paths(PodPairs.Link(1, 200, 1 << 20)),
        NodeSysctls = PodPairs.Sysctls(("net.netfilter.nf_conntrack_max", "1500")),
        Loads = Chat.Loads(
            static place => new ConnectionChurn(place, new ChurnSettings(9007, TimeSpan.FromMilliseconds(100), PerRound: 2, ChurnFigure.Succeeded)
            {
                Hold = TimeSpan.FromSeconds(15),
                Patience = TimeSpan.FromSeconds(1.5),
            }),
            static load => load.PerRound = 20),
        Healing = [new SysctlChange(Pod: null, "net.netfilter.nf_conntrack_max", "65536")],
        AlsoHeals = ["net.netfilter.nf_conntrack_buckets", "net.netfilter.nf_conntrack_tcp_timeout_time_wait"],
        Expected = new Expectation(50, 100, "%"),
        Causes = ["ConntrackFull"],
        Settling = TimeSpan.FromSeconds(14),
        Measuring = TimeSpan.FromSeconds(8),
    };
}
