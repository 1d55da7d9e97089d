using NetPulse.Lab.Forwarding;
using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>Small requests at a short distance: a lost packet is repeated after 200 ms at the earliest, a thousand round trips.</summary>
public static class RpcTailScenario
{
    internal static Scenario Create()
    {
        var calls = new PodPairs("frontend", "quotes");
        var path = PodPairs.Link(0.3, 200, 1 << 20);
        return new Scenario
        {
            Name = "rpc-tail",
            Problem = "2 % of the requests are lost at a round trip of 0.3 ms, and the floor of the retransmission timeout (200 ms) rules the tail",
            Pods = calls.Pods,
            Paths = calls.Paths(path, path with { Loss = new Loss.Independent(0.02) }),
            Loads = calls.Loads(static place => new RequestResponse(place, new RequestSettings(9017, Connections: 3, TimeSpan.FromMilliseconds(8), Share: 0.99) { CongestionControl = "cubic", ConnectionLifetime = TimeSpan.FromSeconds(4) })),
            Healing = [new SysctlChange(calls.FirstSender, "net.ipv4.tcp_rto_min_us", "5000")],
            Expected = new Expectation(208, 18, "ms"),
            Causes = ["RetransmissionTimeoutFloor"],
            Settling = TimeSpan.FromSeconds(5),
            Measuring = TimeSpan.FromSeconds(8),
        };
    }
}
