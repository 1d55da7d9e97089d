using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace NetPulse.Telemetry.Tests.Store.Prometheus;

/// <summary>A real server of a Debian package, on a free loopback port and a directory of its own.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly TemporaryDirectory data = new();
    private readonly Process process;

    private ServerProcess(StoreKind kind, string program, int port, Func<TemporaryDirectory, string[]> arguments)
    {
        Kind = kind;
        Address = new Uri($"http://127.0.0.1:{port}/");
        process = Process.Start(new ProcessStartInfo(program, arguments(data)) { UseShellExecute = false, RedirectStandardError = true })!;
        process.ErrorDataReceived += (_, _) => { }; // read, so that the server does not stop on a full pipe
        process.BeginErrorReadLine();
    }

    public StoreKind Kind { get; }

    public Uri Address { get; }

    public static async Task<ServerProcess> StartVictoriaMetricsAsync(HttpClient client)
    {
        var port = FreePort();
        var server = new ServerProcess(StoreKind.VictoriaMetrics, "victoria-metrics", port, data =>
            [$"-httpListenAddr=127.0.0.1:{port}", $"-storageDataPath={data.Path}", "-retentionPeriod=12", "-search.latencyOffset=0s"]);
        await server.AnswersAsync(client, "health");
        return server;
    }

    /// <param name="client">Asks whether it is ready.</param>
    /// <param name="remoteWrite">Where it shall send its own metrics; nowhere when <see langword="null"/>.</param>
    public static async Task<ServerProcess> StartPrometheusAsync(HttpClient client, Uri? remoteWrite = null)
    {
        var port = FreePort();
        var server = new ServerProcess(StoreKind.Prometheus, "prometheus", port, data =>
        {
            File.WriteAllText(data.File("prometheus.yml"), remoteWrite is null ? "" : $"""
                global: {"{"} scrape_interval: 1s {"}"}
                scrape_configs: [{"{"} job_name: itself, static_configs: [{"{"} targets: ["127.0.0.1:{port}"] {"}"}] {"}"}]
                remote_write: [{"{"} url: "{remoteWrite}", queue_config: {"{"} batch_send_deadline: 1s {"}"} {"}"}]
                """);
            return
            [
                $"--config.file={data.File("prometheus.yml")}", $"--storage.tsdb.path={data.File("tsdb")}", $"--web.listen-address=127.0.0.1:{port}",
                "--web.enable-remote-write-receiver", "--storage.tsdb.retention.time=30d",
            ];
        });
        await server.AnswersAsync(client, "-/ready");
        return server;
    }

    /// <summary>With an empty database <c>netpulse</c>.</summary>
    public static async Task<ServerProcess> StartInfluxDbAsync(HttpClient client)
    {
        var port = FreePort();
        var server = new ServerProcess(StoreKind.InfluxDB, "influxd", port, data =>
        {
            File.WriteAllText(data.File("influxdb.conf"), $"""
                reporting-disabled = true
                bind-address = "127.0.0.1:{FreePort()}"
                [meta]
                  dir = "{data.File("meta")}"
                [data]
                  dir = "{data.File("data")}"
                  wal-dir = "{data.File("wal")}"
                  index-version = "tsi1"
                  max-values-per-tag = 0
                [http]
                  bind-address = "127.0.0.1:{port}"
                  log-enabled = false
                [monitor]
                  store-enabled = false
                """);
            return ["run", "-config", data.File("influxdb.conf")];
        });
        await server.AnswersAsync(client, "ping");
        (await client.PostAsync(new Uri(server.Address, "query?q=CREATE+DATABASE+netpulse"), null)).Dispose();
        return server;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Dispose()
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        data.Dispose();
    }

    private Task AnswersAsync(HttpClient client, string path) => Eventually.HoldsAsync(async () =>
    {
        Assert.False(process.HasExited, "the server ended at its start");
        try
        {
            using var answer = await client.GetAsync(new Uri(Address, path));
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    });
}
