using System.Globalization;
using System.Runtime.InteropServices;

namespace NetPulse.Benchmarks.Collector;

/// <summary>What was measured, beside its limit and what peers were measured at: on which machine, when, and what else ran there.</summary>
internal sealed class ResultsPage
{
    /// <summary>Ratios of CPU per operation; the peers' were measured once on a kernel like this one, with the same kinds of work.</summary>
    private static readonly Dictionary<string, (string What, double Limit, string Peers)> Works = new(StringComparer.Ordinal)
    {
        ["tcp_bulk"] = ("TCP bulk, large segments", 1.01, "NetObserv 1.13 (host veths) to 1.22, Retina 1.14 to 4.0"),
        ["tcp_mtu"] = ("TCP bulk, segments of the MTU's size", 1.01, "NetObserv 1.245 to 1.38, Retina 1.29 to 8.5"),
        ["rr"] = ("request/response on 1,000 connections", 1.02, "NetObserv 1.12 to 1.15, Retina 1.14 to 4.2"),
        ["crr"] = ("a connection a request", 1.02, "NetObserv 1.125 to 1.22, Retina 2.4 to 4.9"),
        ["udp_1"] = ("UDP, 64 bytes, one flow, its receiver named with each datagram", 1.04, "NetObserv 1.13 to 1.24, Retina 1.15 to 4.8"),
        ["udp_10k"] = ("UDP, 64 bytes, 10,000 flows between 100 sockets and 100, as above", 1.08, "NetObserv 1.15 to 1.24, Retina 1.21 to 4.2"),
        ["udp_1_connected"] = ("UDP, 64 bytes, one flow over a connected socket", 1.04, "as above"),
        ["udp_10k_connected"] = ("UDP, 64 bytes, 10,000 flows, each over a connected socket of its own", 1.08, "as above"),
    };

    private readonly List<string> ratios = [];
    private readonly List<string> figures = [];
    private readonly string loadBefore = Load();

    public void Add(string work, CostRatio ratio) => ratios.Add(string.Create(
        CultureInfo.InvariantCulture, $"| {Works[work].What} | {ratio.Ratio:0.000} | {ratio.Low:0.000} to {ratio.High:0.000} | {Works[work].Limit:0.00} | {ratio.RatioWithAgent:0.000} | {ratio.NanosecondsWithout:0} | {Works[work].Peers} |"));

    public void Add(Footprint footprint) => figures.Add(string.Create(
        CultureInfo.InvariantCulture, $"| {footprint.Connections:N0} open connections, a reading every 10 s | {footprint.CpuMillisecondsPerSecond:0.0} ms of CPU a second, {footprint.ResidentMebibytes:0.0} MiB resident | {(footprint.Connections > 1_000 ? "30 ms, 90 MiB" : "64 MiB")} | {(footprint.Connections > 1_000 ? "NetObserv 147 ms, 957 MiB" : "-")} |"));

    public void Add(IReadOnlyList<Count> counts) => figures.AddRange(counts.Select(count => string.Create(
        CultureInfo.InvariantCulture, $"| counts: {count.Case} | {count.SentBytes:N0} bytes sent, {count.ReportedBytes:N0} reported, {count.ReceivedBytes:N0} received | 0.1 % | - |")));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"""
        # What the collector costs, and whether its counts are right

        Written by `make bench-collector`, {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC: {Environment.ProcessorCount} cores ({Processor()}), load average {loadBefore} before and {Load()} after,
        {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}. One thread on one processor has both ends of every connection, pod → node → pod over two pairs of veths; its CPU
        time (and that of the processor's softirq thread) by operation, in short slices; blocks without and with the whole collector in turn, their order alternating; the
        median of the pairs' ratios, its 95 % interval by bootstrap. The collector has run for four seconds then. "With the agent" adds what the collector's own process used meanwhile, at full speed of the work.
        Peers' figures were measured elsewhere on the same kinds of work, not in this run.

        | work | ratio | 95 % interval | limit | with the agent | ns an operation without us | peers |
        |---|---|---|---|---|---|---|
        {string.Join('\n', ratios)}

        | what | measured | limit | peers |
        |---|---|---|---|
        {string.Join('\n', figures)}

        """);

    /// <summary>Of this machine, over the last minute.</summary>
    internal static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static string Processor() => File.ReadLines("/proc/cpuinfo").FirstOrDefault(static l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown";
}
