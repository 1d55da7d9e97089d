using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>The sender may not keep as much unacknowledged data as the path holds, because its pod's tcp_wmem does not let the buffer grow.</summary>
/// <remarks>The application writes small messages without delay (TCP_NODELAY): what is appended to a waiting segment would overshoot the limit by far.</remarks>
public static class SendBufferScenario
{
    private static readonly PodPairs Uploads = new("producer", "consumer")
    {
        FromSysctls = PodPairs.Sysctls(("net.ipv4.tcp_wmem", "4096 16384 131072")),
    };

    internal static Scenario Create() => new()
    {
        Name = "send-buffer",
        Problem = "tcp_wmem of the producers caps what may be unacknowledged: enough at 10 ms, an eighth of the path at 100 ms",
        Pods = Uploads.Pods,
        Paths = Uploads.Paths(PodPairs.Link(10, 50, 512 * 1024), PodPairs.Link(100, 50, 512 * 1024)),
        Loads = Uploads.Loads(static place => new BulkTransfer(place, new TransferSettings(9001, "cubic", TimeSpan.FromSeconds(12)) { PieceBytes = 1400 })),
        Healing = [new SysctlChange(Uploads.FirstSender, "net.ipv4.tcp_wmem", "4096 16384 3000000")],
        Expected = new Expectation(6.2, 48, "Mbit/s"),
        Bpftune = "raises tcp_wmem by a quarter at a time",
        Causes = ["SendBufferBelowBandwidthDelay"],
        Settling = TimeSpan.FromSeconds(14),
    };
}
