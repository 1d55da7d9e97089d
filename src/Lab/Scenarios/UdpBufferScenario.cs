using NetPulse.Lab.Forwarding;
using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>A receiver of datagrams that pauses while a burst comes in: what the socket's buffer cannot hold is lost, though on average the receiver is fast enough.</summary>
public static class UdpBufferScenario
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);

    /// <summary>So long that few bursts meet a receiver that is reading, also on a machine that delivers them late.</summary>
    private static readonly TimeSpan LongPause = TimeSpan.FromMilliseconds(70);

    private static readonly PodPairs Telemetry = new("sensor", "gauge") { Count = 1 };

    private static readonly LinkSettings Path = PodPairs.Link(2, 500, 4 << 20);

    /// <summary>At first a burst that the buffer holds whole, so that a receiver that the machine keeps waiting loses nothing yet.</summary>
    private static readonly UdpSettings Default = new(9003, TimeSpan.FromMilliseconds(200), Datagrams: 60, DatagramBytes: 1400)
    {
        OpensAnewEvery = TimeSpan.FromSeconds(3),
    };

    internal static Scenario DefaultBuffer() => Burst(
        "udp-default-buffer",
        "the gauge's socket has the default buffer, which holds half of a burst",
        Default,
        datagrams: 190,
        LongPause) with
    {
        NodeSysctls = PodPairs.Sysctls(("net.core.rmem_default", "212992")),
        Healing = [new SysctlChange(Pod: null, "net.core.rmem_default", "4194304")],
        Expected = new Expectation(49, 100, "%"),
        Bpftune = "raises rmem_default",
        Causes = ["UdpReceiveBuffer"],
    };

    internal static Scenario AskedBuffer() => Burst(
        "udp-asked-buffer",
        "the gauge asks for 16 MiB of buffer and gets rmem_max, which holds a quarter of a burst",
        Default with { Every = TimeSpan.FromMilliseconds(300), Datagrams = 120, ReceiveBufferBytes = 16 << 20 },
        datagrams: 1100,
        Pause) with
    {
        NodeSysctls = PodPairs.Sysctls(("net.core.rmem_max", "212992")),
        Healing = [new SysctlChange(Pod: null, "net.core.rmem_max", "16777216")],
        Expected = new Expectation(28, 100, "%"),
        Bpftune = "raises rmem_max",
        Causes = ["ReceiveBufferClamped"],
    };

    /// <summary>More comes than is ever read: a larger buffer only delays the loss.</summary>
    internal static Scenario Overload() => Burst(
        "udp-overload",
        "the gauge reads half of what comes, all the time: a larger buffer delays the loss and prevents nothing",
        Default with { Every = TimeSpan.FromMilliseconds(50), ReadsAtOnce = 40 },
        datagrams: 100,
        Pause) with
    {
        NodeSysctls = PodPairs.Sysctls(("net.core.rmem_default", "212992")),
        Healing = [new SysctlChange(Pod: null, "net.core.rmem_default", "1048576")],
        Causes = ["UdpReceiverOverloaded"],
        Settling = TimeSpan.FromSeconds(8),
    };

    /// <param name="datagrams">In a burst once there is trouble.</param>
    /// <param name="pause">Of the receiver from then on.</param>
    private static Scenario Burst(string name, string problem, UdpSettings settings, int datagrams, TimeSpan pause) => new()
    {
        Name = name,
        Problem = problem,
        Pods = Telemetry.Pods,
        Paths = Telemetry.Paths(Path),
        Loads = Telemetry.Loads(place => new UdpBursts(place, settings), load => (load.Datagrams, load.ReceiverPause) = (datagrams, pause)),
        Healing = [],
        Settling = TimeSpan.FromSeconds(5),
    };
}
