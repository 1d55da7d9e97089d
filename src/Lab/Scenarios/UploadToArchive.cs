using System.Net;
using NetPulse.Lab.Forwarding;
using NetPulse.Lab.Load;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Scenarios;

/// <summary>Two uploaders, each with an archive of its own behind a path of 50 Mbit/s whose receive buffers may not grow.</summary>
/// <remarks>
/// The window that 131,072 bytes of tcp_rmem allow (80,480 on Linux 6.18) fills 50 Mbit/s at 10 ms and an eighth of that at 100 ms.
/// The queue is larger than half the bandwidth-delay product at 100 ms: a smaller one drops in slow start, and cubic then fills four fifths of the path for more than ten seconds.
/// Connections end after a while and the next are made, because a larger tcp_rmem is sure to be used only by a new one: the kernel grows a
/// connection's buffer when more bytes than ever before were read in one round trip, which a window that stands still may never allow.
/// The senders' limits are stated too, so that the host's own values do not decide what the lab shows.
/// </remarks>
internal static class UploadToArchive
{
    internal static readonly TimeSpan ConnectionLifetime = TimeSpan.FromSeconds(12);

    private const int Pairs = 2;

    private static readonly LinkSettings HealthyPath = new(TimeSpan.FromMilliseconds(5), BitsPerSecond: 50_000_000, QueueBytes: 512 * 1024);

    private static readonly Dictionary<string, string> ArchiveSysctls = new(StringComparer.Ordinal)
    {
        ["net.ipv4.tcp_moderate_rcvbuf"] = "1",
        ["net.ipv4.tcp_window_scaling"] = "1",
        ["net.ipv4.tcp_rmem"] = "4096 131072 131072",
    };

    private static readonly Dictionary<string, string> UploaderSysctls = new(StringComparer.Ordinal)
    {
        ["net.ipv4.tcp_window_scaling"] = "1",
        ["net.ipv4.tcp_wmem"] = "4096 16384 4194304",
        ["net.ipv4.tcp_no_metrics_save"] = "1",
    };

    internal static Scenario Create(string name, string problem, TransferSettings transfer) => new()
    {
        Name = name,
        Problem = problem,
        Pods =
        [
            .. Enumerable.Range(0, Pairs).Select(i => new PodDescription($"uploader-{i}", "uploader", new IPAddress([10, 77, (byte)i, 1])) { Sysctls = UploaderSysctls }),
            .. Enumerable.Range(0, Pairs).Select(i => new PodDescription($"archive-{i}", "archive", new IPAddress([10, 77, (byte)i, 2])) { Sysctls = ArchiveSysctls }),
        ],
        Pairs = [.. Enumerable.Range(0, Pairs).Select(i => new PairDescription($"uploader-{i}", $"archive-{i}", HealthyPath, transfer))],
        TroubledRoundTripTime = TimeSpan.FromMilliseconds(100),
        Healing = new SysctlChange("archive-0", "net.ipv4.tcp_rmem", "4096 131072 1500000"),
    };
}
