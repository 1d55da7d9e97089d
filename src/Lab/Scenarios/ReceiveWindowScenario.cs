using NetPulse.Lab.Forwarding;
using NetPulse.Lab.Load;

namespace NetPulse.Lab.Scenarios;

/// <summary>The receive window is far below the path's bandwidth-delay product, because the receiving pod's tcp_rmem does not let it grow.</summary>
/// <remarks>
/// The window that 131,072 bytes of tcp_rmem allow (80,480 on Linux 6.18) fills 50 Mbit/s at 10 ms and an eighth of that at 100 ms.
/// The queue is larger than half the bandwidth-delay product at 100 ms: a smaller one drops in slow start, and cubic then fills four fifths of the path for more than ten seconds.
/// Connections end after a while and the next are made, because a larger tcp_rmem is sure to be used only by a new one: the kernel grows a
/// connection's buffer when more bytes than ever before were read in one round trip, which a window that stands still may never allow.
/// </remarks>
public static class ReceiveWindowScenario
{
    public const string Name = "receive-window";

    private const int Port = 9000;

    private const string LargeEnough = "4096 131072 1500000";

    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromSeconds(12);

    private static readonly LinkSettings Healthy = PodPairs.Link(10, 50, 512 * 1024);

    private static readonly PodPairs Uploads = new("uploader", "archive")
    {
        ToSysctls = PodPairs.Sysctls(("net.ipv4.tcp_rmem", "4096 131072 131072")),
    };

    /// <param name="congestionControl">Of the senders; cubic unless the scenario is to be seen under another.</param>
    public static Scenario Create(string congestionControl = "cubic") => Upload(
        Name,
        "tcp_rmem of the archives caps the receive window: enough at 10 ms, an eighth of the path at 100 ms",
        new TransferSettings(Port, congestionControl, ConnectionLifetime)) with
    {
        Expected = new Expectation(6.3, 47.5, "Mbit/s"),
        Bpftune = "raises tcp_rmem by a quarter at a time",
        Causes = ["ReceiveWindowBelowBandwidthDelay"],
    };

    internal static Scenario UnderBbr() => Create("bbr") with { Name = $"{Name}-bbr" };

    /// <summary>The right change, but from then on the path of the changed pod loses every tenth packet: by all that can be measured, the change did harm.</summary>
    internal static Scenario PlantedHarm()
    {
        var scenario = Create();
        return scenario with
        {
            Name = "planted-harm",
            Problem = "as receive-window, but as soon as a pod is changed its path loses every tenth packet: by all that can be measured, the change did harm",
            Paths = [.. scenario.Paths.Select(path => path with { WhenChanged = path.Troubled with { Loss = new Loss.Independent(0.1) } })],
        };
    }

    /// <summary>Looks the same from the sender, but the window is full because the application does not read: a larger one helps nobody.</summary>
    internal static Scenario SlowReader(string congestionControl = "cubic") => Upload(
        "slow-reader",
        "the archives read 3 Mbit/s from then on, whatever the network could carry: a larger tcp_rmem does not help",
        new TransferSettings(Port, congestionControl, ConnectionLifetime),
        static load => load.ReadBitsPerSecond = 3_000_000) with
    {
        Causes = ["SlowReader"],
    };

    /// <summary>The sender has no more to send.</summary>
    internal static Scenario ApplicationLimited() => Upload(
        "application-limited",
        "the uploaders write 3 Mbit/s from then on, and the network could carry more: no buffer helps",
        new TransferSettings(Port, "cubic", ConnectionLifetime),
        static load => load.WriteBitsPerSecond = 3_000_000) with
    {
        Causes = ["ApplicationLimited"],
    };

    /// <summary>The window of these connections has no scale, which both sides agreed on in the first packet: raising tcp_rmem afterwards does not reach them.</summary>
    internal static Scenario OpenConnection() => Upload(
        "receive-window-open-connection",
        "connections that were made without window scaling stay below 64 KiB a round trip for as long as they live, whatever tcp_rmem becomes",
        new TransferSettings(Port, "cubic")) with
    {
        Pods = (Uploads with { ToSysctls = PodPairs.Sysctls(("net.ipv4.tcp_rmem", "4096 131072 262144"), ("net.ipv4.tcp_window_scaling", "0")) }).Pods,
        OnceStarted = [.. Enumerable.Range(0, Uploads.Count).Select(i => new SysctlChange($"archive-{i}", "net.ipv4.tcp_window_scaling", "1"))],
        Causes = ["WindowScaleFixed"],
    };

    /// <summary>What many tuning DaemonSets do: pods that exist keep their own values.</summary>
    internal static Scenario StaticProfile() => Create() with
    {
        Name = "static-profile-host-only",
        Problem = "the common static profile, written in the host's network namespace: pods that exist keep their own values",
        Healing = [new SysctlChange(Pod: null, "net.ipv4.tcp_rmem", "4096 87380 134217728")],
        Expected = null,
        IsByHandOnly = true,
    };

    private static Scenario Upload(string name, string problem, TransferSettings transfer, Action<BulkTransfer>? worsen = null) => new()
    {
        Name = name,
        Problem = problem,
        Pods = Uploads.Pods,
        Paths = Uploads.Paths(Healthy, Healthy with { Delay = TimeSpan.FromMilliseconds(50) }),
        Loads = Uploads.Loads(place => new BulkTransfer(place, transfer), worsen),
        Healing = [new SysctlChange(Uploads.FirstReceiver, "net.ipv4.tcp_rmem", LargeEnough)],
        Settling = ConnectionLifetime + TimeSpan.FromSeconds(2),
    };
}
