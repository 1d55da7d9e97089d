using System.Text;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Prometheus;

namespace NetPulse.Store.Benchmarks;

/// <summary>How one kind of server is started, written to and asked.</summary>
/// <param name="Name">Key of its figures.</param>
/// <param name="Program">Its binary; <see langword="null"/> where it is not installed.</param>
/// <param name="ReadyPath">Answers with success when it is ready.</param>
/// <param name="Arguments">Its command line, by directory and port.</param>
/// <param name="WritePath">Where samples are posted.</param>
/// <param name="Body">A batch as a request's body.</param>
/// <param name="Queries">Paths of the queries (a), (b) and (c), by the time of the last sample.</param>
internal sealed record StoreUnderTest(
    string Name, string? Program, string ReadyPath, Func<string, int, string[]> Arguments, string WritePath, Func<Sample[], HttpContent> Body,
    Func<DateTimeOffset, string[]> Queries)
{
    private const string RemoteWritePath = "/api/v1/write";

    public static IEnumerable<StoreUnderTest> All(string optimizer) =>
    [
        NetPulse("netpulse", optimizer),
        NetPulse("netpulse-hour-in-log", optimizer, "--store:embedded:segmentSamples=16000000", "--store:embedded:segmentBytes=1073741824", "--store:embedded:segmentAge=1.00:00:00"),
        VictoriaMetrics("victoria-metrics", Installed("victoria-metrics")),
        VictoriaMetrics("victoria-metrics-newer", Environment.GetEnvironmentVariable("VICTORIA_METRICS_NEWER")),
        new("prometheus", Installed("prometheus"), "/-/ready", static (directory, port) =>
        [
            $"--config.file={EmptyFile(directory, "prometheus.yml")}", $"--storage.tsdb.path={Path.Combine(directory, "data")}",
            $"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=30d", "--log.level=error",
        ], RemoteWritePath, RemoteWrite, PromQl),
        new("influxdb", Installed("influxd"), "/ping", InfluxArguments, "/write?db=bench&precision=ms", LineProtocol, InfluxQl),
    ];

    private static StoreUnderTest NetPulse(string name, string program, params string[] settings) => new(name, File.Exists(program) ? program : null, "/healthz", (directory, port) =>
    [
        $"--http:listen=127.0.0.1:{port}", $"--store:embedded:directory={Path.Combine(directory, "store")}",
        $"--cluster:objectsDirectory={Path.Combine(directory, "objects")}", $"--journal:file={Path.Combine(directory, "journal.jsonl")}", .. settings,
    ], RemoteWritePath, RemoteWrite, PromQl);

    private static StoreUnderTest VictoriaMetrics(string name, string? program) => new(name, program, "/health", static (directory, port) =>
    [
        $"-httpListenAddr=127.0.0.1:{port}", $"-storageDataPath={directory}", "-retentionPeriod=12", "-search.latencyOffset=0s", "-loggerLevel=ERROR",
    ], RemoteWritePath, RemoteWrite, PromQl);

    private static string? Installed(string program) => Environment.GetEnvironmentVariable("PATH")!.Split(':')
        .Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);

    private static string[] PromQl(DateTimeOffset end)
    {
        var at = end.ToUnixTimeSeconds();
        return
        [
            $"/api/v1/query?time={at}&query={Uri.EscapeDataString($"{Workload.Metric(1)}[1h]")}",
            $"/api/v1/query_range?start={at - 86_400}&end={at}&step=300&query={Uri.EscapeDataString($"quantile_over_time(0.95, {Workload.DayMetric}[5m])")}&nocache=1",
            $"/api/v1/query?time={at}&query={Uri.EscapeDataString($"topk(20, rate({Workload.Metric(1)}[5m]))")}&nocache=1",
        ];
    }

    private static string[] InfluxQl(DateTimeOffset end)
    {
        var last = end.ToUnixTimeMilliseconds();
        string[] queries =
        [
            $"SELECT value FROM {Workload.Metric(1)} WHERE time > {last - 3_600_000}ms GROUP BY *",
            $"SELECT percentile(value, 95) FROM {Workload.DayMetric} WHERE time > {last - 86_400_000}ms GROUP BY time(5m), *",
            $"SELECT top(rate, 20) FROM (SELECT (last(value) - first(value)) / 300 AS rate FROM {Workload.Metric(1)} WHERE time > {last - 300_000}ms GROUP BY *)",
        ];
        return [.. queries.Select(query => $"/query?db=bench&epoch=ms&q={Uri.EscapeDataString(query)}")];
    }

    private static ByteArrayContent RemoteWrite(Sample[] samples)
    {
        var content = new ByteArrayContent(RemoteWriteEncoder.Encode(samples));
        content.Headers.TryAddWithoutValidation("Content-Type", "application/x-protobuf");
        content.Headers.TryAddWithoutValidation("Content-Encoding", "snappy");
        content.Headers.TryAddWithoutValidation("X-Prometheus-Remote-Write-Version", "0.1.0");
        return content;
    }

    private static StringContent LineProtocol(Sample[] samples)
    {
        var text = new StringBuilder();
        foreach (var sample in samples)
        {
            text.Append(sample.Labels.Name);
            foreach (var label in sample.Labels.Labels)
            {
                if (label.Name != LabelSet.MetricName)
                {
                    text.Append(',').Append(label.Name).Append('=').Append(label.Value);
                }
            }

            text.Append(" value=").Append(sample.Value).Append(' ').Append(sample.UnixMilliseconds).Append('\n');
        }

        return new StringContent(text.ToString());
    }

    private static string[] InfluxArguments(string directory, int port)
    {
        var file = Path.Combine(directory, "influxdb.conf");
        File.WriteAllText(file, $"""
            reporting-disabled = true
            bind-address = "127.0.0.1:{ServerProcess.FreePort()}"
            [meta]
              dir = "{directory}/meta"
            [data]
              dir = "{directory}/data"
              wal-dir = "{directory}/wal"
              index-version = "tsi1"
              max-values-per-tag = 0
              query-log-enabled = false
            [http]
              bind-address = "127.0.0.1:{port}"
              log-enabled = false
            [logging]
              level = "error"
            """);
        return ["run", "-config", file];
    }

    private static string EmptyFile(string directory, string name)
    {
        var file = Path.Combine(directory, name);
        File.WriteAllText(file, "");
        return file;
    }
}
