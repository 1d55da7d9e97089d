using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>The application asks for a large receive buffer itself, and the node's rmem_max cuts the request down: autotuning is off for such a socket.</summary>
public static class ClampedBufferScenario
{
    private static readonly PodPairs Replication = new("primary", "replica")
    {
        Count = 1,
        FromSysctls = PodPairs.Sysctls(("net.ipv4.tcp_wmem", "4096 16384 16777216")),
        ToSysctls = PodPairs.Sysctls(("net.ipv4.tcp_rmem", "4096 131072 16777216")),
    };

    internal static Scenario Create() => new()
    {
        Name = "clamped-receive-buffer",
        Problem = "the replica asks for 16 MiB of receive buffer and gets rmem_max: enough at 10 ms, a twelfth of the path at 300 ms",
        Pods = Replication.Pods,
        Paths = Replication.Paths(PodPairs.Link(10, 100, 4 << 20), PodPairs.Link(300, 100, 4 << 20)),
        NodeSysctls = PodPairs.Sysctls(("net.core.rmem_max", "212992")),
        Loads = Replication.Loads(static place => new BulkTransfer(place, new TransferSettings(9002, "cubic", TimeSpan.FromSeconds(12)) { ReceiveBufferBytes = 16 << 20 })),
        Healing = [new SysctlChange(Pod: null, "net.core.rmem_max", "16777216")],
        Expected = new Expectation(7.9, 96.5, "Mbit/s"),
        Causes = ["ReceiveBufferClamped"],
        Settling = TimeSpan.FromSeconds(18),
    };
}
