using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>Connections come in bursts that the accept queue cannot hold while the server is busy: somaxconn cut what listen() asked for.</summary>
public static class AcceptQueueScenario
{
    private const string Problem = "bursts of 150 connections, of which an accept queue of 16 (somaxconn) refuses most until they try again";

    private static readonly PodPairs Shop = new("browser", "shop")
    {
        ToSysctls = PodPairs.Sysctls(("net.core.somaxconn", "16")),
    };

    internal static Scenario Create() => Bursts("accept-queue", Problem, TimeSpan.FromSeconds(4)) with
    {
        Expected = new Expectation(8800, 160, "ms"),
    };

    /// <summary>The queue's length was fixed when the server called listen(), and it does not call it again.</summary>
    internal static Scenario OldListener() =>
        Bursts("accept-queue-old-listener", $"{Problem}; the server does not listen again, so a larger somaxconn has no effect", listensAnewEvery: null);

    private static Scenario Bursts(string name, string problem, TimeSpan? listensAnewEvery) => new()
    {
        Name = name,
        Problem = problem,
        Pods = Shop.Pods,
        Paths = Shop.Paths(PodPairs.Link(1, 200, 1 << 20)),
        Loads = Shop.Loads(
            place => new ConnectionChurn(place, new ChurnSettings(9004, TimeSpan.FromSeconds(1), PerRound: 8, ChurnFigure.TailLatency)
            {
                ServerPause = TimeSpan.FromMilliseconds(120),
                Patience = TimeSpan.FromSeconds(10),
                ListensAnewEvery = listensAnewEvery,
            }),
            static load => load.PerRound = 150),
        Healing = [new SysctlChange(Shop.FirstReceiver, "net.core.somaxconn", "4096")],
        Causes = ["AcceptQueueOverflow"],
        Settling = TimeSpan.FromSeconds(15),
        Measuring = TimeSpan.FromSeconds(6),
    };
}
