using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Export;

/// <summary>The whole process, as it is run on a node.</summary>
public sealed class ServiceTests
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "netpulse-collector.dll");

    [KernelFact]
    public async Task The_service_answers_scrapes_in_both_formats_and_stops_when_told()
    {
        var port = FreePort();
        using var service = Start($"--http:listen=127.0.0.1:{port}", "--node:name=node-7", "--sampling:interval=1s");
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            Wait.Until(() => IsReady(client));
            var text = await client.GetStringAsync("/metrics");
            Assert.Contains("netpulse_source_success{node=\"node-7\",source=\"tcp\"} 1 ", text, StringComparison.Ordinal);
            Assert.Contains("netpulse_sysctl_value{", text, StringComparison.Ordinal);
            Assert.Equal("", Promtool.IsInstalled ? Promtool.Check(text) : "");

            using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
            request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse("application/openmetrics-text;version=1.0.0;q=0.5"));
            request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse("text/plain;version=0.0.4;q=0.2"));
            using var answer = await client.SendAsync(request);
            Assert.Equal("application/openmetrics-text", answer.Content.Headers.ContentType!.MediaType);
            Assert.EndsWith("# EOF\n", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            using var packed = new HttpRequestMessage(HttpMethod.Get, "/metrics");
            packed.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
            using var compressed = await client.SendAsync(packed);
            Assert.Equal(["gzip"], compressed.Content.Headers.ContentEncoding);
            await using var unpacked = new GZipStream(await compressed.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
            using var unpackedText = new StreamReader(unpacked);
            Assert.Contains("netpulse_source_success{", await unpackedText.ReadToEndAsync(), StringComparison.Ordinal);
            Assert.Equal("ok\n", await client.GetStringAsync("/healthz"));
        }
        finally
        {
            using var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {service.Id}"]);
            await service.WaitForExitAsync();
        }

        Assert.Equal(0, service.ExitCode);
    }

    [KernelFact]
    public async Task A_port_in_use_ends_the_start_with_the_name_of_the_setting()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        using var service = Start($"--http:listen=127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}");
        var output = service.StandardOutput.ReadToEndAsync();
        var error = await service.StandardError.ReadToEndAsync();
        await service.WaitForExitAsync();
        Assert.Equal(1, service.ExitCode);
        Assert.Contains("(http.listen)", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error + await output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--sampling:interval=10ms", "sampling.Interval")]
    [InlineData("--http:listen=nowhere", "http.Listen")]
    [InlineData("--export:destinations:0:name=x", "--export:destinations:0:url=nowhere", "export.destinations[0].url")]
    [InlineData("--export:destinations:0:name=a/b", "--export:destinations:0:url=http://h/", "export.destinations[0].name")]
    [InlineData("--export:spool:maxBytes=1", "export.spool.maxBytes")]
    [InlineData("--export:destinations:0:name=x", "--export:destinations:0:url=http://h/", "--export:destinations:0:kind=Influx", "influx.database")]
    [InlineData("--export:destinations:0:name=x", "--export:destinations:0:url=http://h/", "--export:destinations:0:bytesPerSecond=1", "bytesPerSecond")]
    [InlineData("--export:destinations:0:name=x", "--export:destinations:0:url=http://h/", "--export:destinations:0:readings=0", "readings")]
    [InlineData("--export:destinations:0:name=x", "--export:destinations:0:url=http://h/", "--export:destinations:0:caFile=/nowhere", "caFile")]
    [InlineData("--export:destinations:0:name=x", "--export:destinations:0:url=http://h/", "--export:destinations:1:name=x", "--export:destinations:1:url=http://h/", "another destination")]
    public async Task A_setting_out_of_its_range_ends_the_start_with_its_name(params string[] argumentsAndName)
    {
        using var service = Start(["--http:listen=127.0.0.1:0", .. argumentsAndName[..^1]]);
        var error = await service.StandardError.ReadToEndAsync();
        await service.WaitForExitAsync();
        Assert.NotEqual(0, service.ExitCode);
        Assert.Contains(argumentsAndName[^1], error, StringComparison.OrdinalIgnoreCase);
    }

    [KernelFact]
    public async Task Without_the_right_to_load_bpf_the_log_says_so_once_and_the_rest_goes_on()
    {
        const string Capabilities = "-bpf,-perfmon,-sys_admin";
        var port = FreePort();
        using var service = Run("setpriv", [$"--bounding-set={Capabilities}", $"--inh-caps={Capabilities}", Environment.ProcessPath!, "exec", Program, $"--http:listen=127.0.0.1:{port}", "--sampling:interval=1s"]);
        var output = service.StandardOutput.ReadToEndAsync();
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        Wait.Until(() => IsReady(client));
        var first = await client.GetStringAsync("/metrics");
        string[] needBpf = ["tcp", "udp", "dns", "drops"];
        Assert.All(needBpf, source => Assert.Contains($"netpulse_source_success{{node=\"{Environment.MachineName}\",source=\"{source}\"}} 0 ", first, StringComparison.Ordinal));
        Assert.Contains("source=\"self\"} 1 ", first, StringComparison.Ordinal);
        Wait.Until(() => Get(client, "/metrics") is { } later && later != first);
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {service.Id}"]);
        await service.WaitForExitAsync();
        var lines = (await output).Split('\n').Where(line => line.Contains("CAP_BPF", StringComparison.Ordinal)).ToList();
        Assert.All(needBpf, source => Assert.Single(lines, line => line.Contains($"Source {source} cannot be read", StringComparison.Ordinal)));
    }

    [KernelFact]
    public async Task What_waited_when_the_process_was_killed_is_sent_by_the_next_one()
    {
        var spool = Directory.CreateTempSubdirectory("nptest-spool-").FullName;
        var port = FreePort();
        string[] settings =
        [
            "--http:listen=127.0.0.1:0", "--sampling:interval=1s", $"--export:spool:directory={spool}", "--labels:cluster=prod",
            "--export:destinations:0:name=store", $"--export:destinations:0:url=http://127.0.0.1:{port}/api/v1/write", "--export:destinations:0:maxWait=1s",
        ];
        try
        {
            using (var killed = Start(settings))
            {
                Wait.Until(() => Directory.EnumerateFiles(spool, "*.spool").Sum(file => new FileInfo(file).Length) > 0);
                killed.Kill();
                await killed.WaitForExitAsync();
            }

            var killedAt = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
            await using var store = await TestStore.StartAsync(port: port);
            using var service = Start(settings);
            Wait.Until(() => store.Stored.Any(sample => sample.UnixMilliseconds > killedAt));
            service.Kill();
            Assert.Contains(store.Stored, sample => sample.UnixMilliseconds < killedAt);
            Assert.All(store.Stored, sample => Assert.Equal("prod", sample.Labels["cluster"]));
            Assert.Equal(store.Stored.Count, store.Stored.Select(sample => (sample.Labels, sample.UnixMilliseconds)).Distinct().Count());
        }
        finally
        {
            Directory.Delete(spool, recursive: true);
        }
    }

    private static bool IsReady(HttpClient client) => Get(client, "/readyz") is not null;

    private static string? Get(HttpClient client, string path)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            using var answer = client.Send(request);
            using var text = new StreamReader(answer.Content.ReadAsStream());
            return answer.IsSuccessStatusCode ? text.ReadToEnd() : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static Process Start(params string[] arguments) => Run(Environment.ProcessPath!, ["exec", Program, .. arguments]);

    private static Process Run(string command, string[] arguments) => Process.Start(new ProcessStartInfo(command, arguments)
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
