using NetPulse.Lab.Forwarding;
using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>Large packets vanish on the way and nobody says so: a connection stands still after its handshake.</summary>
public static class BlackHoleScenario
{
    private static readonly PodPairs Tunnel = new("branch", "office");

    private static readonly LinkSettings Path = PodPairs.Link(10, 72, 512 * 1024);

    internal static Scenario Create() => new()
    {
        Name = "mtu-black-hole",
        Problem = "packets over 1,300 bytes vanish from then on, and no ICMP tells",
        Pods = Tunnel.Pods,
        Paths = Tunnel.Paths(Path, Path with { Mtu = new PathMtu(1300, IsTold: false) }),
        Loads = Tunnel.Loads(static place => new BulkTransfer(place, new TransferSettings(9010, "cubic", TimeSpan.FromSeconds(15)))),
        Healing = [new SysctlChange(Tunnel.FirstSender, "net.ipv4.tcp_mtu_probing", "1")],
        AlsoHeals = ["net.ipv4.tcp_base_mss"],
        Expected = new Expectation(0, 64, "Mbit/s"),
        Causes = ["PathMtuBlackHole"],
        Settling = TimeSpan.FromSeconds(12),
        Measuring = TimeSpan.FromSeconds(8),
    };
}
