using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using NetPulse.ApiServer;
using NetPulse.Tests;

namespace NetPulse.EndToEnd;

/// <summary>A collector and an optimizer as the chart's <c>tls</c> sets them up: both serve TLS alone, and both ask the API server who is there.</summary>
public sealed class EncryptedTests : IAsyncLifetime, IAsyncDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("nptest-").FullName;
    private readonly TestCertificates certificates = new();
    private readonly HttpClient http;
    private TestApiServer server = null!;

    public EncryptedTests()
    {
        File.WriteAllText(FileOf("ca.crt"), certificates.AuthorityPem);
        foreach (var name in new[] { "collector", "optimizer" })
        {
            var (certificate, key) = certificates.Service(name);
            File.WriteAllText(FileOf($"{name}.crt"), certificate);
            File.WriteAllText(FileOf($"{name}.key"), key);
        }

        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPem(certificates.AuthorityPem);
#pragma warning disable CA2000 // the client has it
        http = new HttpClient(new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = trust } });
#pragma warning restore CA2000
    }

    public async Task InitializeAsync()
    {
        server = await TestApiServer.StartAsync();
        server.DefineOurs();
        server.Tokens["token-of-reader"] = "reader";
        server.Add("v1", "namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "netpulse" } });
        server.Add("v1", "nodes", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "node-1" } });
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        certificates.Dispose();
        await server.DisposeAsync();
        Directory.Delete(directory, recursive: true);
    }

    [KernelFact]
    public async Task Samples_and_figures_cross_the_network_in_TLS_and_only_with_a_token_that_may()
    {
        var (optimizerPort, collectorPort) = (ServiceUnderTest.FreePort(), ServiceUnderTest.FreePort());
        var written = new Uri($"https://127.0.0.1:{optimizerPort}/api/v1/write");
        File.WriteAllText(FileOf("token"), "token-of-nobody");
        using var optimizer = ServiceUnderTest.StartOptimizer(FileOf("optimizer"), optimizerPort, Environment("optimizer"), [.. Serving("optimizer"), "--cluster:source=Cluster"]);
        using var collector = ServiceUnderTest.Start(
            "Collector", "netpulse-collector", Environment("collector"),
            [
                .. Serving("collector"), $"--http:listen=127.0.0.1:{collectorPort}", "--attribution:source=Cluster", "--node:name=node-1", "--sampling:interval=1s", $"--export:spool:directory={FileOf("spool")}",
                "--export:destinations:0:name=optimizer", $"--export:destinations:0:url={written}", $"--export:destinations:0:caFile={FileOf("ca.crt")}", $"--export:destinations:0:tokenFile={FileOf("token")}",
                "--export:destinations:0:readings=1",
            ]);

        // The collector's own figures: in TLS alone, and not without a token.
        var metrics = new Uri($"https://127.0.0.1:{collectorPort}/metrics");
        await collector.UntilAsync(async () => (await AskAsync(metrics, "token-of-reader")).Contains("netpulse_source_success{", StringComparison.Ordinal));
        Assert.Contains("send a Kubernetes token", await AskAsync(metrics, ""), StringComparison.Ordinal);
        Assert.DoesNotContain("netpulse_", await AskAsync(metrics, "token-of-nobody"), StringComparison.Ordinal);
        using var plain = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => plain.GetStringAsync(new Uri($"http://127.0.0.1:{collectorPort}/healthz")));
        using var trustsOthers = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => trustsOthers.GetStringAsync(new Uri($"https://127.0.0.1:{collectorPort}/healthz")));

        // Its samples: refused and kept while nobody has its token, and there once somebody has.
        await collector.UntilAsync(() => Task.FromResult(collector.Output.Contains("the API server does not know this token", StringComparison.Ordinal)));
        File.WriteAllText(FileOf("token"), "token-of-collector");
        var query = new Uri($"https://127.0.0.1:{optimizerPort}/api/v1/query?query=netpulse_source_success");
        await optimizer.UntilAsync(async () => (await AskAsync(query, "token-of-reader")).Contains("\"node\":\"node-1\"", StringComparison.Ordinal));

        // A profile is judged by what was measured, for those who may read it.
        File.WriteAllText(FileOf("profile.conf"), "net.ipv4.tcp_timestamps = 0\n");
        Assert.Contains("(401): ", (await JudgeAsync(optimizerPort)).Errors, StringComparison.Ordinal);
        File.WriteAllText(FileOf("reader"), "token-of-reader\n");
        Assert.Contains("node-1: ", (await JudgeAsync(optimizerPort, "--token-file", FileOf("reader"))).Output, StringComparison.Ordinal);
        Assert.DoesNotContain("token-of-", collector.Output + optimizer.Output, StringComparison.Ordinal);
    }

    private async Task<(string Output, string Errors)> JudgeAsync(int port, params string[] options)
    {
        var trust = new Dictionary<string, string>(StringComparer.Ordinal) { ["SSL_CERT_FILE"] = FileOf("ca.crt") };
        using var command = ServiceUnderTest.Start("Optimizer", "netpulse-optimizer", trust, ["profile", "check", FileOf("profile.conf"), "--optimizer", $"https://127.0.0.1:{port}", .. options]);
        await command.EndsAsync();
        return (command.Output, command.Errors);
    }

    private string[] Serving(string name) => [$"--http:certificateFile={FileOf($"{name}.crt")}", $"--http:keyFile={FileOf($"{name}.key")}"];

    private Dictionary<string, string> Environment(string user) =>
        new(StringComparer.Ordinal) { ["KUBECONFIG"] = TestKubeconfig.Write(FileOf($"of-{user}"), user, server) };

    private string FileOf(string name) => Path.Combine(directory, name);

    private async Task<string> AskAsync(Uri address, string token)
    {
        using var asked = new HttpRequestMessage(HttpMethod.Get, address);
        asked.Headers.Authorization = token.Length > 0 ? new AuthenticationHeaderValue("Bearer", token) : null;
        using var answer = await http.SendAsync(asked);
        return await answer.Content.ReadAsStringAsync();
    }
}
