using System.Globalization;
using System.Net;
using System.Text.Json;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Prometheus;
using NetPulse.Tests;

namespace NetPulse.EndToEnd;

/// <summary>The optimizer's addresses, asked as a browser, a collector, Prometheus and the kubelet ask them.</summary>
public sealed class StatusPageTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("nptest-page-").FullName;
    private readonly ServiceUnderTest optimizer;

    /// <summary>Its next scheduled run is a year away: what runs was asked for.</summary>
    public StatusPageTests() => optimizer = ServiceUnderTest.StartOptimizer(directory, ServiceUnderTest.FreePort(), "--schedule:cron=0 0 0 1 1 ?");

    public void Dispose()
    {
        optimizer.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task What_is_pushed_is_on_the_page_after_a_run_that_was_asked_for()
    {
        await optimizer.AnswersAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await optimizer.Http.GetAsync("/readyz")).StatusCode);
        Assert.Equal("", (await optimizer.StatusAsync(static _ => true)).GetProperty("mode").GetString());

        using (var pushed = await PushAsync(RemoteWriteEncoder.Encode([.. Upload(DateTimeOffset.UtcNow)])))
        {
            Assert.Equal(HttpStatusCode.NoContent, pushed.StatusCode);
        }

        using (var asked = await optimizer.Http.PostAsync("/api/v1/runs", null))
        {
            Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        }

        var status = await optimizer.StatusAsync(static status => status.GetProperty("traffic").GetArrayLength() > 0);
        var edge = Assert.Single(status.GetProperty("traffic").EnumerateArray());
        Assert.Equal("shop/uploader-0", edge.GetProperty("from").GetString());
        Assert.Equal("shop/archive-0", edge.GetProperty("to").GetString());
        Assert.Equal("9000", edge.GetProperty("serverPort").GetString());
        Assert.Equal(1e6, edge.GetProperty("bytesPerSecond").GetDouble(), 1.0);
        Assert.Equal(0.02, edge.GetProperty("roundTripSeconds").GetDouble(), 1e-9);
        Assert.Equal("Observe", status.GetProperty("mode").GetString());
        Assert.Equal(HttpStatusCode.OK, (await optimizer.Http.GetAsync("/readyz")).StatusCode);
    }

    [Fact]
    public async Task The_journal_is_read_from_where_one_was()
    {
        await optimizer.AnswersAsync();
        var started = Assert.Single(await JournalAsync(0));
        Assert.Equal("Started", started.GetProperty("kind").GetString());
        Assert.Equal(1, started.GetProperty("sequence").GetInt64());
        Assert.Empty(await JournalAsync(1));

        // Another process counts anew, and says that it is another.
        using var other = ServiceUnderTest.StartOptimizer(Path.Combine(directory, "other"), ServiceUnderTest.FreePort(), "--schedule:cron=0 0 0 1 1 ?");
        await other.AnswersAsync();
        Assert.Equal(await WhoseJournalAsync(optimizer), await WhoseJournalAsync(optimizer));
        Assert.NotEqual(await WhoseJournalAsync(optimizer), await WhoseJournalAsync(other));

        static async Task<string> WhoseJournalAsync(ServiceUnderTest of)
        {
            using var answer = await of.Http.GetAsync("/api/v1/journal");
            return Assert.Single(answer.Headers.GetValues("NetPulse-Journal"));
        }
    }

    [Fact]
    public async Task The_page_and_its_parts_are_served_and_nothing_else_may_run_in_it()
    {
        await optimizer.AnswersAsync();
        foreach (var (path, type, part) in new[] { ("/", "text/html", "<title>NetPulse</title>"), ("/page.css", "text/css", "body"), ("/page.js", "text/javascript", "api/v1/status") })
        {
            using var answer = await optimizer.Http.GetAsync(path);
            Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
            Assert.Contains(part, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.Contains("default-src 'self'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await optimizer.Http.GetAsync("/page.html")).StatusCode);
    }

    [PromtoolFact]
    public async Task Its_own_metrics_are_as_Prometheus_wants_them()
    {
        await optimizer.AnswersAsync();
        (await optimizer.Http.PostAsync("/api/v1/runs", null)).Dispose();
        var metrics = "";
        await optimizer.UntilAsync(async () =>
        {
            metrics = await optimizer.Http.GetStringAsync("/metrics");
            return metrics.Contains("netpulse_optimizer_runs_total{result=\"success\"} 1", StringComparison.Ordinal);
        });
        Assert.Contains("netpulse_store_samples_appended_total 0", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("_total_total", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("netpulse_optimizer_runs_total 0", metrics, StringComparison.Ordinal);
        Assert.Equal("", Promtool.Check(metrics));
    }

    [Fact]
    public async Task What_is_no_remote_write_request_is_refused()
    {
        await optimizer.AnswersAsync();
        using var garbage = await PushAsync("not snappy"u8.ToArray());
        Assert.Equal(HttpStatusCode.BadRequest, garbage.StatusCode);
        Assert.NotEmpty(await garbage.Content.ReadAsStringAsync());

        using var tooLarge = await PushAsync(new byte[RemoteWriteLimits.Default.CompressedBytes + 1]);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLarge.StatusCode);
    }

    private async Task<HttpResponseMessage> PushAsync(byte[] body)
    {
        // Asks before it sends, so that a refusal is read and not a closed connection.
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/write") { Content = new ByteArrayContent(body), Headers = { ExpectContinue = true } };
        return await optimizer.Http.SendAsync(request);
    }

    private async Task<List<JsonElement>> JournalAsync(long after)
    {
        using var journal = JsonDocument.Parse(await optimizer.Http.GetStringAsync($"/api/v1/journal?after={after.ToString(CultureInfo.InvariantCulture)}"));
        return [.. journal.RootElement.EnumerateArray().Select(static entry => entry.Clone())];
    }

    /// <summary>Five readings of 1 MB/s, one a second.</summary>
    private static IEnumerable<Sample> Upload(DateTimeOffset now)
    {
        var edge = LabelSet.Of(
            "edge",
            (LabelNames.Node, "node-1"),
            (LabelNames.Namespace, "shop"),
            (LabelNames.Workload, "uploader"),
            (LabelNames.Pod, "uploader-0"),
            (LabelNames.PeerNamespace, "shop"),
            (LabelNames.PeerWorkload, "archive"),
            (LabelNames.PeerPod, "archive-0"),
            (LabelNames.ServerPort, "9000"),
            (LabelNames.Role, LabelNames.Client));
        for (var second = 0; second < 5; second++)
        {
            var at = now.AddSeconds(second - 5).ToUnixTimeMilliseconds();
            yield return new Sample(edge.With(LabelNames.Direction, LabelNames.Transmit).With(LabelSet.MetricName, TcpMetrics.IoBytes.Name), at, second * 1e6);
            yield return new Sample(edge.With(LabelSet.MetricName, TcpMetrics.SmoothedRtt.Name), at, 0.02);
        }
    }
}
