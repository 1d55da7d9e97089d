using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using NetPulse.ApiServer;

namespace NetPulse.EndToEnd;

/// <summary>A real Alertmanager whose webhook is our optimizer's.</summary>
public sealed class AlertmanagerTests : IAsyncLifetime, IAsyncDisposable
{
    private const string Path = "/api/v1/alerts";

    private readonly CancellationTokenSource deadline = new(TimeSpan.FromMinutes(3));
    private readonly string directory = Directory.CreateTempSubdirectory("nptest-").FullName;
    private readonly HttpClient http = new();
    private TestApiServer server = null!;
    private Process? alertmanager;

    public async Task InitializeAsync()
    {
        server = await TestApiServer.StartAsync();
        server.DefineOurs();
        server.Tokens["token-of-alertmanager"] = "alertmanager";
        server.Add("v1", "namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = "netpulse" } });
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        if (alertmanager is { } running)
        {
            running.Kill();
            await running.WaitForExitAsync(CancellationToken.None);
            running.Dispose();
        }

        await server.DisposeAsync();
        http.Dispose();
        Directory.Delete(directory, recursive: true);
        deadline.Dispose();
    }

    [Fact]
    public async Task An_alert_that_fires_begins_a_run_and_a_storm_of_them_no_storm_of_runs()
    {
        using var optimizer = ServiceUnderTest.StartOptimizer(
            System.IO.Path.Combine(directory, "optimizer"), ServiceUnderTest.FreePort(), new Dictionary<string, string>(StringComparer.Ordinal) { ["KUBECONFIG"] = TestKubeconfig.Write(directory, "optimizer", server) },
            "--cluster:source=Cluster", "--schedule:cron=0 0 0 1 1 ? 2099");
        await optimizer.AnswersAsync();

        // Who may not begin runs is refused, and what is no message of Alertmanager's begins none.
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync(optimizer, "{}", token: ""));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(optimizer, "{"));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(optimizer, """{"version":"9","alerts":[]}"""));
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(optimizer, """{"version":"4","status":"resolved","alerts":[{"status":"resolved","labels":{"alertname":"Over"}}]}"""));
        Assert.Equal(0, await RunsAsync(optimizer));

        var address = await StartAlertmanagerAsync(new Uri(optimizer.Http.BaseAddress!, Path));
        using (var told = await http.PostAsJsonAsync(new Uri(address, "api/v2/alerts"), new[] { new { labels = new { alertname = "ManyRetransmits", pod = "web-0" } } }, deadline.Token))
        {
            Assert.True(told.IsSuccessStatusCode);
        }

        await optimizer.UntilAsync(async () => await RunsAsync(optimizer) == 1);
        Assert.Contains("1 alerts fire (ManyRetransmits): a run begins", optimizer.Output, StringComparison.Ordinal);

        // One more may have begun at once and one waits for its time: fifty alerts are two runs at most.
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(HttpStatusCode.Accepted, await PostAsync(optimizer, """{"version":"4","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Storm"}}]}"""));
        }

        Assert.InRange(await RunsAsync(optimizer), 1, 3);
        Assert.Contains("(Storm): a run is waiting already", optimizer.Output, StringComparison.Ordinal);
    }

    private async Task<Uri> StartAlertmanagerAsync(Uri webhook)
    {
        var port = ServiceUnderTest.FreePort();
        var file = System.IO.Path.Combine(directory, "alertmanager.yml");
        await File.WriteAllTextAsync(file, $$"""
            route: {receiver: netpulse, group_wait: 0s, group_interval: 1s}
            receivers:
              - name: netpulse
                webhook_configs:
                  - url: {{webhook}}
                    http_config:
                      authorization:
                        credentials: token-of-alertmanager
            """, deadline.Token);
        alertmanager = Process.Start(new ProcessStartInfo(
            "prometheus-alertmanager",
            [$"--config.file={file}", string.Create(CultureInfo.InvariantCulture, $"--web.listen-address=127.0.0.1:{port}"), "--cluster.listen-address=", $"--storage.path={System.IO.Path.Combine(directory, "data")}"])
        {
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        alertmanager.ErrorDataReceived += static (_, _) => { }; // read, so that it does not stop on a full pipe
        alertmanager.BeginErrorReadLine();
        var address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));
        while (true)
        {
            Assert.False(alertmanager.HasExited, "Alertmanager ended at its start");
            try
            {
                using var ready = await http.GetAsync(new Uri(address, "-/ready"), deadline.Token);
                if (ready.IsSuccessStatusCode)
                {
                    return address;
                }
            }
            catch (HttpRequestException)
            {
                // It does not listen yet.
            }

            await Task.Delay(100, deadline.Token);
        }
    }

    private async Task<HttpStatusCode> PostAsync(ServiceUnderTest optimizer, string message, string token = "token-of-alertmanager")
    {
        using var asked = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(message) };
        asked.Headers.Authorization = token.Length > 0 ? new AuthenticationHeaderValue("Bearer", token) : null;
        using var answer = await optimizer.Http.SendAsync(asked, deadline.Token);
        return answer.StatusCode;
    }

    private async Task<int> RunsAsync(ServiceUnderTest optimizer)
    {
        using var asked = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        asked.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "token-of-alertmanager");
        using var answer = await optimizer.Http.SendAsync(asked, deadline.Token);
        return RunCount.Of(await answer.Content.ReadAsStringAsync(deadline.Token));
    }
}
