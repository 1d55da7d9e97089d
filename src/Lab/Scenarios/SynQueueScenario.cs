using System.Net;
using NetPulse.Lab.Forwarding;
using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>More handshakes are under way than the SYN queue holds, because the clients are far away.</summary>
public static class SynQueueScenario
{
    private const int Port = 9005;

    private static readonly PodPairs Api = new("visitor", "api")
    {
        ToSysctls = PodPairs.Sysctls(("net.ipv4.tcp_syncookies", "0"), ("net.ipv4.tcp_max_syn_backlog", "64"), ("net.core.somaxconn", "4096")),
    };

    private static readonly LinkSettings Near = PodPairs.Link(2, 200, 1 << 20);

    internal static Scenario Create() => new()
    {
        Name = "syn-queue",
        Problem = "tcp_max_syn_backlog of 64, without cookies: 90 handshakes at once find no room while each takes 100 ms",
        Pods = Api.Pods,
        Paths = Api.Paths(Near, PodPairs.Link(100, 200, 1 << 20)),
        Loads = Api.Loads(Visits, static load => load.PerRound = 90),
        Healing = [new SysctlChange(Api.FirstReceiver, "net.ipv4.tcp_max_syn_backlog", "4096")],
        AlsoHeals = ["net.ipv4.tcp_syncookies"],
        Expected = new Expectation(1270, 240, "ms"),
        Bpftune = "raises tcp_max_syn_backlog",
        Causes = ["SynQueueOverflow"],
    };

    /// <summary>Handshakes that nobody completes: cookies carry on, and a longer queue would only hold more of them.</summary>
    internal static Scenario HalfOpenFlood()
    {
        var attacked = Api with { ToSysctls = PodPairs.Sysctls(("net.ipv4.tcp_syncookies", "1"), ("net.ipv4.tcp_max_syn_backlog", "64")) };
        var senders = IPAddress.Parse("10.99.0.0");
        return Create() with
        {
            Name = "half-open-flood",
            Problem = "2,000 opening segments a second that nobody completes: cookies keep the service up, and a longer queue would only hold more of them",
            Pods = attacked.Pods,
            Paths = [.. attacked.Paths(Near).Select(path => path with { Behind = $"{senders}/24" })],
            Loads =
            [
                .. attacked.Loads(Visits),
                .. attacked.Loads(place => new SynFlood(place, new FloodSettings(Port, senders)), static flood => flood.PerSecond = 2000).Select(load => load with { IsJudged = false }),
            ],
            Expected = null,
            AlsoHeals = [],
            Causes = ["SynFlood"],
        };
    }

    private static ConnectionChurn Visits(LoadPlace place) => new(place, new ChurnSettings(Port, TimeSpan.FromSeconds(2), PerRound: 20, ChurnFigure.TailLatency));
}
