using System.Net;
using NetPulse.Lab.Forwarding;
using NetPulse.Lab.Load;
using NetPulse.Lab.Topology;

namespace NetPulse.Lab.Scenarios;

/// <summary>Pods of two workloads, the first of one joined to the first of the other and so on: what is changed for one pair can be compared with the next.</summary>
/// <param name="From">The sending workload.</param>
/// <param name="To">The receiving workload.</param>
internal sealed record PodPairs(string From, string To)
{
    /// <summary>Stated, so that the host's own values do not decide what the lab shows.</summary>
    private static readonly Dictionary<string, string> Plain = new(StringComparer.Ordinal)
    {
        ["net.ipv4.tcp_rmem"] = "4096 131072 6291456",
        ["net.ipv4.tcp_wmem"] = "4096 16384 4194304",
        ["net.ipv4.tcp_moderate_rcvbuf"] = "1",
        ["net.ipv4.tcp_window_scaling"] = "1",
        ["net.ipv4.tcp_no_metrics_save"] = "1",
        ["net.ipv4.tcp_slow_start_after_idle"] = "1",
        ["net.ipv4.tcp_mtu_probing"] = "0",
    };

    internal IReadOnlyDictionary<string, string> FromSysctls { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    internal IReadOnlyDictionary<string, string> ToSysctls { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    internal int Count { get; init; } = 2;

    internal bool TracksConnections { get; init; }

    internal string FirstSender => $"{From}-0";

    internal string FirstReceiver => $"{To}-0";

    internal IReadOnlyList<PodDescription> Pods =>
    [
        .. Each(i => new PodDescription($"{From}-{i}", From, new IPAddress([10, 77, (byte)i, 1])) { Sysctls = With(FromSysctls) }),
        .. Each(i => new PodDescription($"{To}-{i}", To, new IPAddress([10, 77, (byte)i, 2])) { Sysctls = With(ToSysctls), TracksConnections = TracksConnections }),
    ];

    /// <param name="roundTripMilliseconds">Of a packet that meets no queue.</param>
    internal static LinkSettings Link(double roundTripMilliseconds, double megabitsPerSecond, long queueBytes) =>
        new(TimeSpan.FromMilliseconds(roundTripMilliseconds / 2), (long)(megabitsPerSecond * 1e6), queueBytes);

    internal IReadOnlyList<PathDescription> Paths(LinkSettings healthy, LinkSettings? troubled = null) =>
        [.. Each(i => new PathDescription($"{From}-{i}", $"{To}-{i}", healthy, troubled ?? healthy))];

    internal IReadOnlyList<LoadDescription> Loads<T>(Func<LoadPlace, T> start, Action<T>? worsen = null)
        where T : ILoad => [.. Each(i => LoadDescription.Of($"{From}-{i}", $"{To}-{i}", start, worsen))];

    internal static Dictionary<string, string> Sysctls(params (string Name, string Value)[] values) => values.ToDictionary(each => each.Name, each => each.Value, StringComparer.Ordinal);

    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string> own)
    {
        var all = new Dictionary<string, string>(Plain, StringComparer.Ordinal);
        foreach (var (name, value) in own)
        {
            all[name] = value;
        }

        return all;
    }

    private IEnumerable<T> Each<T>(Func<int, T> create) => Enumerable.Range(0, Count).Select(create);
}
