using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NetPulse.Benchmarks.Collector;

// What a holder of connections is told stands without names (see HeldConnections).
if (args is ["hold", var prefix, var port, var connections])
{
    HeldConnections.Hold(prefix, int.Parse(port, CultureInfo.InvariantCulture), int.Parse(connections, CultureInfo.InvariantCulture));
    return 0;
}

// bench-collector [--out FILE] [--results PAGE] [--pairs N] [--slice MS] [--seconds N], footprint [--connections N] [--seconds N] [--parts N] [--results PAGE], or verify-counts
var settings = args.Skip(1).Chunk(2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
return args.FirstOrDefault() switch
{
    "bench-collector" => Bench(settings.GetValueOrDefault("--out"), settings.GetValueOrDefault("--results"), Number("--pairs", 16), Number("--slice", 60), Number("--seconds", 40)),
    "footprint" => Print(Number("--connections", 1_000), Number("--seconds", 60), Number("--parts", 1), settings.GetValueOrDefault("--results")),
    "verify-counts" => Verify(),
    _ => Usage(),
};

int Number(string name, int otherwise) => settings.TryGetValue(name, out var text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

static int Usage()
{
    Console.Error.WriteLine("usage: netpulse-bench-collector bench-collector [--out FILE] [--results PAGE] [--pairs N] [--slice MILLISECONDS] [--seconds N] | footprint [--connections N] [--seconds N] [--parts N] [--results PAGE] | verify-counts");
    return 64;
}

static int Print(int connections, int seconds, int parts, string? results)
{
    var page = new FootprintPage(seconds, parts);
    foreach (var footprint in Footprint.Measure(connections, TimeSpan.FromSeconds(seconds), parts))
    {
        Console.WriteLine(footprint);
        page.Add(footprint);
    }

    if (results is not null)
    {
        File.WriteAllText(results, page.ToString());
    }

    return 0;
}

static int Bench(string? file, string? results, int pairs, int slice, int seconds)
{
    var result = new JsonObject();
    var page = new ResultsPage();
    using (var large = new PodNetwork("large", segmentOffload: true))
    using (var small = new PodNetwork("mtu", segmentOffload: false))
    {
        IWorkload[] workloads =
        [
            new TcpBulk("tcp_bulk", large, 20_000),
            new TcpBulk("tcp_mtu", small, 20_000),
            new RequestResponse(large, 20_001),
            new ConnectPerRequest(large, 20_002),
            new UdpFlows("udp_1", large, 21_000, side: 1, areConnected: false),
            new UdpFlows("udp_10k", large, 22_000, side: 100, areConnected: false),
            new UdpFlows("udp_1_connected", large, 23_000, side: 1, areConnected: true),
            new UdpFlows("udp_10k_connected", large, 24_000, side: 100, areConnected: true),
        ];
        PinnedThread.Pin();
        var comparison = new SideBySide(workloads, pairs, TimeSpan.FromMilliseconds(slice));
        foreach (var (name, ratio) in comparison.Run(() => Agent.StartOurs(TimeSpan.FromSeconds(10))))
        {
            result[name] = Json(ratio);
            page.Add(name, ratio);
            Console.WriteLine($"{name}: {ratio}");
        }

        var peers = new JsonObject();
        foreach (var peer in Agent.Peers.Keys)
        {
            using var there = Agent.TryStartPeer(peer);
            if (there is null)
            {
                continue;
            }

            there.Dispose();
            peers[peer] = new JsonObject([.. comparison.Run(() => Agent.TryStartPeer(peer)!).Select(each => KeyValuePair.Create<string, JsonNode?>(each.Key, Json(each.Value)))]);
        }

        if (peers.Count > 0)
        {
            result["peers"] = peers;
        }

        Array.ForEach(workloads, workload => workload.Dispose());
    }

    var few = Footprint.Measure(1_000, TimeSpan.FromSeconds(seconds));
    var many = Footprint.Measure(50_000, TimeSpan.FromSeconds(seconds));
    result["agent"] = new JsonObject { ["cpu_ms_per_s"] = many.CpuMillisecondsPerSecond, ["rss_mib"] = many.ResidentMebibytes };
    var counts = CountCheck.Run();
    result["unaccounted_bytes"] = counts.Sum(count => count.UnaccountedBytes);
    page.Add(few);
    page.Add(many);
    page.Add(counts);

    Console.WriteLine(few);
    Console.WriteLine(many);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"kernel {Environment.OSVersion.Version}, load average {File.ReadAllText("/proc/loadavg").Split(' ')[0]}"));
    var text = result.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    Console.WriteLine(text);
    if (file is not null)
    {
        File.WriteAllText(file, text + "\n");
    }

    if (results is not null)
    {
        File.WriteAllText(results, page.ToString());
    }

    return 0;
}

static JsonObject Json(CostRatio ratio) => new()
{
    ["ratio"] = ratio.Ratio,
    ["low"] = ratio.Low,
    ["high"] = ratio.High,
};

static int Verify()
{
    const double Allowed = 0.001;
    var counts = CountCheck.Run();
    Console.WriteLine("sent           reported       received       difference  connections ended  what");
    foreach (var count in counts)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count.SentBytes,-14} {count.ReportedBytes,-14} {count.ReceivedBytes,-14} {count.Difference,-11:P3} {count.ConnectionsClosed,-18} {count.Case}"));
    }

    var worst = counts.Max(count => count.Difference);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(worst <= Allowed ? "within" : "NOT within")} {Allowed:P1}"));
    return worst <= Allowed ? 0 : 1;
}
