using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>A client that makes a connection a request runs out of local ports, each of which waits a minute in TIME_WAIT.</summary>
public static class LocalPortsScenario
{
    internal static Scenario NarrowRange() => Requests("narrow-port-range", "40000 40255", "256 local ports for 3,000 connections a minute", perRound: 1) with
    {
        Healing = [new SysctlChange(Clients("40000 40255").FirstSender, "net.ipv4.ip_local_port_range", "32768 60999")],
        AlsoHeals = ["net.ipv4.tcp_tw_reuse"],
        Expected = new Expectation(8.5, 100, "%"),
    };

    internal static Scenario TimeWait() => Requests("time-wait-ports", "40000 41023", "1,024 local ports for 250 connections a second: all of them wait in TIME_WAIT", perRound: 5) with
    {
        Healing = [new SysctlChange(Clients("40000 41023").FirstSender, "net.ipv4.tcp_tw_reuse", "1")],
        AlsoHeals = ["net.ipv4.ip_local_port_range"],
        Expected = new Expectation(25.6, 100, "%"),
    };

    private static PodPairs Clients(string ports) => new("gateway", "backend")
    {
        FromSysctls = PodPairs.Sysctls(("net.ipv4.ip_local_port_range", ports), ("net.ipv4.tcp_tw_reuse", "2")),
    };

    private static Scenario Requests(string name, string ports, string problem, int perRound) => new()
    {
        Name = name,
        Problem = problem,
        Pods = Clients(ports).Pods,
        Paths = Clients(ports).Paths(PodPairs.Link(1, 200, 1 << 20)),
        Loads = Clients(ports).Loads(
            static place => new ConnectionChurn(place, new ChurnSettings(9006, TimeSpan.FromMilliseconds(20), PerRound: 0, ChurnFigure.Succeeded) { Patience = TimeSpan.FromSeconds(2) }),
            load => load.PerRound = perRound),
        Healing = [],
        Causes = ["LocalPortsExhausted"],
        Settling = TimeSpan.FromSeconds(6),
    };
}
