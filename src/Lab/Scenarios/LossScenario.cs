using NetPulse.Lab.Forwarding;
using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>Packets are lost for other reasons than a full queue, and a congestion control that takes every loss for congestion slows down.</summary>
public static class LossScenario
{
    private const double Megabits = 60;

    private static readonly LinkSettings Path = PodPairs.Link(40, Megabits, 512 * 1024);

    internal static Scenario Random() => Loss(
        "random-loss", "1 % of the packets is lost whatever the rate, and cubic takes each loss for congestion",
        Path with { Loss = new Loss.Independent(0.01) }) with
    {
        Expected = new Expectation(3.3, 57, "Mbit/s"),
        Bpftune = "bbr for a peer that loses more than 1 of 64 packets: not here",
        Causes = ["NonCongestionLoss"],
    };

    internal static Scenario Bursty() => Loss(
        "bursty-loss", "1 % of the packets is lost in bursts, and cubic takes each for congestion",
        Path with { Loss = new Loss.Bursty(Begins: 0.0025, Ends: 0.25, ShareWhileBad: 1) }) with
    {
        Expected = new Expectation(8.9, 57, "Mbit/s"),
        Bpftune = "bbr for a peer that loses more than 1 of 64 packets: not here",
        Causes = ["NonCongestionLoss"],
    };

    /// <summary>Looks like loss on the way, but there is none below the rate that is allowed: who sends more only loses more.</summary>
    internal static Scenario Policer() => Loss(
        "policer", "a policer drops what comes faster than 10 Mbit/s: another congestion control would only lose more",
        Path with { Policer = new Policer(10_000_000, 64 * 1024) }) with
    {
        Causes = ["Policer"],
    };

    /// <summary>The kernel finds out by itself that packets overtake each other.</summary>
    internal static Scenario Reordering() => Loss(
        "reordering", "a fiftieth of the packets comes 4 ms late: the kernel learns that by itself",
        Path with { Reordering = new Reordering(0.02, TimeSpan.FromMilliseconds(4)) }) with
    {
        Healing = [new SysctlChange(Sender("cubic").FirstSender, "net.ipv4.tcp_reordering", "127")],
        Causes = ["Reordering"],
    };

    /// <summary>Others of the same pod send all the time over the same bottleneck.</summary>
    internal static Scenario CrossTraffic()
    {
        var scenario = Loss("cross-traffic", "datagrams of the same client fill nine tenths of the path: no buffer and no congestion control makes it wider", Path);
        var cross = Sender("cubic").Loads(
            static place => new UdpBursts(place, new UdpSettings(9012, TimeSpan.FromMilliseconds(10), Datagrams: 0, DatagramBytes: 1400) { ReceiveBufferBytes = 4 << 20 }),
            static load => load.Datagrams = 48);
        return scenario with
        {
            Loads = [.. scenario.Loads, .. cross.Select(load => load with { IsJudged = false })],
            Causes = ["CrossTraffic"],
        };
    }

    /// <summary>Two uploads whose congestion control is the pod's.</summary>
    internal static PodPairs Sender(string congestionControl) => new("mirror", "vault")
    {
        FromSysctls = PodPairs.Sysctls(("net.ipv4.tcp_congestion_control", congestionControl), ("net.ipv4.tcp_wmem", "4096 16384 8388608")),
    };

    /// <summary>A pod may choose only from what the host allows to all.</summary>
    internal static Dictionary<string, string> Allowed { get; } = PodPairs.Sysctls(("net.ipv4.tcp_allowed_congestion_control", "reno cubic bbr"));

    private static Scenario Loss(string name, string problem, LinkSettings troubled) => new()
    {
        Name = name,
        Problem = problem,
        Pods = Sender("cubic").Pods,
        Paths = Sender("cubic").Paths(Path, troubled),
        NodeSysctls = Allowed,
        Loads = Sender("cubic").Loads(static place => new BulkTransfer(place, new TransferSettings(9011, ConnectionLifetime: TimeSpan.FromSeconds(10)))),
        Healing = [new SysctlChange(Sender("cubic").FirstSender, "net.ipv4.tcp_congestion_control", "bbr")],
        Settling = TimeSpan.FromSeconds(12),
    };
}
