using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using NetPulse.Collector.Export;
using NetPulse.Collector.Export.Formats;
using NetPulse.Collector.Sampling;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Export.Formats;

/// <summary>What real servers of Debian's packages have after our requests.</summary>
public sealed class RealServerTests : IDisposable
{
    private static readonly (string, string)[] Odd = [("pod", "a b,c=d"), ("workload", "été \"x\""), ("direction", "transmit")];

    private readonly string directory = Directory.CreateTempSubdirectory("nptest-store-").FullName;
    private readonly HttpClient client = new();
    private readonly int port = FreePort();
    private readonly TestClock clock = new(DateTimeOffset.UtcNow);
    private Process? server;

    public void Dispose()
    {
        server?.Kill();
        server?.WaitForExit();
        server?.Dispose();
        client.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task InfluxDB_has_every_value_under_the_names_of_the_line()
    {
        await StartInfluxAsync();
        await PostAsync(new InfluxLineFormat(Address, new InfluxOptions { Database = "netpulse" }, clock));
        var answer = await client.GetStringAsync(new Uri(Address, "query?db=netpulse&epoch=ms&q=" + Uri.EscapeDataString("SELECT io_bytes_total, smoothed_rtt_seconds FROM netpulse_tcp GROUP BY *")));
        using var document = JsonDocument.Parse(answer);
        var series = document.RootElement.GetProperty("results")[0].GetProperty("series").EnumerateArray().Single();
        Assert.Equal("a b,c=d", series.GetProperty("tags").GetProperty("pod").GetString());
        Assert.Equal("été \"x\"", series.GetProperty("tags").GetProperty("workload").GetString());
        Assert.Equal([123_456_789_012.5, 123_456_789_013.5], series.GetProperty("values").EnumerateArray().Select(row => row[1].GetDouble()));
        Assert.Equal([0.1, 0.2], series.GetProperty("values").EnumerateArray().Select(row => row[2].GetDouble()));
    }

    [Fact]
    public async Task VictoriaMetrics_has_the_same_series_by_remote_write_and_by_line_protocol_of_both_versions()
    {
        await StartVictoriaMetricsAsync();
        foreach (var format in new IWireFormat[]
        {
            new RemoteWriteFormat(new Uri(Address, "api/v1/write"), clock),
            new InfluxLineFormat(Address, new InfluxOptions { Database = "netpulse" }, clock),
            new InfluxLineFormat(Address, new InfluxOptions { Organization = "o", Bucket = "b" }, clock),
        })
        {
            await PostAsync(format);
        }

        using var flushed = await client.GetAsync(new Uri(Address, "internal/force_flush"));
        var exported = await client.GetStringAsync(new Uri(Address, "api/v1/export?match[]=" + Uri.EscapeDataString("{__name__=~\"netpulse_tcp_io.*\"}")));
        var labels = exported.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            using var one = JsonDocument.Parse(line);
            return string.Join(',', one.RootElement.GetProperty("metric").EnumerateObject().Where(label => label.Name != "db").OrderBy(label => label.Name, StringComparer.Ordinal).Select(label => $"{label.Name}={label.Value}"));
        });
        Assert.Equal(["__name__=netpulse_tcp_io_bytes_total,direction=transmit,pod=a b,c=d,workload=été \"x\""], labels.Distinct());
    }

    [Fact]
    public async Task Prometheus_takes_four_samples_a_series_and_says_no_to_what_is_out_of_order()
    {
        await StartPrometheusAsync();
        var format = new RemoteWriteFormat(new Uri(Address, "api/v1/write"), clock);
        var readings = Enumerable.Range(0, 4).Select(i => ReadingAt(clock.GetUtcNow() - TimeSpan.FromSeconds(40 - (10 * i)), i)).ToList();
        Assert.IsType<Answer.Accepted>(await SendAsync(format, readings));
        Assert.IsType<Answer.Refused>(await SendAsync(format, [ReadingAt(clock.GetUtcNow() - TimeSpan.FromSeconds(100), 7)]));
        using var answer = JsonDocument.Parse(await client.GetStringAsync(new Uri(Address, "api/v1/query?query=" + Uri.EscapeDataString("count_over_time(netpulse_tcp_io_bytes_total[5m])"))));
        Assert.Equal("4", answer.RootElement.GetProperty("data").GetProperty("result")[0].GetProperty("value")[1].GetString());
    }

    private Uri Address => new($"http://127.0.0.1:{port}/");

    private static Reading ReadingAt(DateTimeOffset at, int step)
    {
        var writer = new SampleWriter(at);
        writer.Write(TcpMetrics.IoBytes, LabelSet.Of(TcpMetrics.IoBytes.Name, Odd), 123_456_789_012.5 + step);
        writer.Write(TcpMetrics.SmoothedRtt, LabelSet.Of(TcpMetrics.SmoothedRtt.Name, Odd), 0.1 * (step + 1));
        writer.Write(new MetricDefinition("netpulse_odd", MetricKind.Gauge, "", "", ""), LabelSet.Of("netpulse_odd"), 1);
        return new Reading(writer.At, writer.Families());
    }

    private async Task PostAsync(IWireFormat format) => Assert.IsType<Answer.Accepted>(
        await SendAsync(format, [ReadingAt(clock.GetUtcNow() - TimeSpan.FromSeconds(20), 0), ReadingAt(clock.GetUtcNow() - TimeSpan.FromSeconds(10), 1)]));

    private async Task<Answer> SendAsync(IWireFormat format, IReadOnlyList<Reading> readings)
    {
        var part = SeriesBatch.Of(readings, new LabelMatch(new Dictionary<string, List<string>>()), 1000).Single();
        using var request = format.Post(format.Encode(part));
        using var response = await client.SendAsync(request);
        return await format.ReadAsync(response, CancellationToken.None);
    }

    private Task StartVictoriaMetricsAsync() => StartAsync("victoria-metrics", "health",
        $"-httpListenAddr=127.0.0.1:{port}", $"-storageDataPath={directory}", "-retentionPeriod=12", "-search.latencyOffset=0s");

    private Task StartPrometheusAsync()
    {
        File.WriteAllText(Path.Combine(directory, "prometheus.yml"), "");
        return StartAsync("prometheus", "-/ready", $"--config.file={directory}/prometheus.yml", $"--storage.tsdb.path={directory}/tsdb", $"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver");
    }

    private async Task StartInfluxAsync()
    {
        File.WriteAllText(Path.Combine(directory, "influxdb.conf"), string.Create(CultureInfo.InvariantCulture, $"""
            reporting-disabled = true
            bind-address = "127.0.0.1:{FreePort()}"
            [meta]
            dir = "{directory}/meta"
            [data]
            dir = "{directory}/data"
            wal-dir = "{directory}/wal"
            [http]
            bind-address = "127.0.0.1:{port}"
            """));
        await StartAsync("influxd", "ping", "run", "-config", $"{directory}/influxdb.conf");
        using var query = new FormUrlEncodedContent([new("q", "CREATE DATABASE netpulse")]);
        using var answer = await client.PostAsync(new Uri(Address, "query"), query);
        answer.EnsureSuccessStatusCode();
    }

    private async Task StartAsync(string program, string readyPath, params string[] arguments)
    {
        server = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
        server.ErrorDataReceived += static (_, _) => { }; // read, so that the server does not stop on a full pipe
        server.OutputDataReceived += static (_, _) => { };
        server.BeginErrorReadLine();
        server.BeginOutputReadLine();
        var deadline = Stopwatch.StartNew();
        while (!await IsReadyAsync(readyPath))
        {
            Assert.False(server.HasExited, $"{program} ended at its start");
            Assert.True(deadline.Elapsed < TimeSpan.FromSeconds(60), $"{program} did not get ready");
            await Task.Delay(50);
        }
    }

    private async Task<bool> IsReadyAsync(string path)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri(Address, path));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
