using System.Net;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Prometheus;
using NetPulse.Tests;

namespace NetPulse.Telemetry.Tests.Store.Prometheus;

public sealed class PrometheusStoreTests : IDisposable
{
    private static readonly Sample One = new(LabelSet.Of("m"), 1_700_000_000_000, 1);
    private readonly TestClock clock = new();
    private readonly HttpClient client = new();
    private readonly HttpListener listener = new();
    private readonly Uri address = new($"http://127.0.0.1:{ServerProcess.FreePort()}/");

    public void Dispose()
    {
        listener.Close();
        client.Dispose();
    }

    [Theory]
    [InlineData(500, true)]
    [InlineData(503, true)]
    [InlineData(429, true)]
    [InlineData(400, false)]
    [InlineData(404, false)]
    [InlineData(401, false)]
    public async Task What_the_server_refuses_is_told_in_its_own_words(int status, bool retryable)
    {
        var e = await RefusedAsync(answer => answer.StatusCode = status, "out of order sample");
        Assert.Equal(retryable, e.Retryable);
        Assert.Contains($"{status}: out of order sample", e.Message, StringComparison.Ordinal);
        Assert.Null(e.RetryAfter);
    }

    [Fact]
    public async Task How_long_to_wait_is_told_from_seconds_and_from_a_date()
    {
        var seconds = await RefusedAsync(answer => Busy(answer, "17"), "");
        Assert.Equal(TimeSpan.FromSeconds(17), seconds.RetryAfter);
        listener.Stop();
        var date = await RefusedAsync(answer => Busy(answer, clock.GetUtcNow().AddMinutes(2).ToString("R")), "");
        Assert.Equal(TimeSpan.FromMinutes(2), date.RetryAfter);

        static void Busy(HttpListenerResponse answer, string retryAfter)
        {
            answer.StatusCode = 429;
            answer.Headers["Retry-After"] = retryAfter;
        }
    }

    [Fact]
    public async Task A_server_that_is_away_may_be_tried_again()
    {
        var append = await Assert.ThrowsAsync<SampleStoreException>(async () => await Store().AppendAsync([One], CancellationToken.None));
        var read = await Assert.ThrowsAsync<SampleStoreException>(async () => await ReadAsync());
        Assert.True(append.Retryable && read.Retryable);
        Assert.Contains(address.Authority, append.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_carries_the_headers_of_the_specification()
    {
        var served = ServeAsync(_ => { }, "");
        await Store().AppendAsync([One], CancellationToken.None);
        var (headers, body) = await served;
        Assert.Equal("snappy", headers["Content-Encoding"]);
        Assert.Equal("application/x-protobuf", headers["Content-Type"]);
        Assert.Equal("0.1.0", headers["X-Prometheus-Remote-Write-Version"]);
        Assert.StartsWith("NetPulse/", headers["User-Agent"], StringComparison.Ordinal);
        Assert.Equal([One], RemoteWriteDecoder.Decode(body, RemoteWriteLimits.Default));
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"data":{"result":[{}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{"a":1},"values":[]}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{},"values":[[]]}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{},"values":[[1767225600,"x"]]}]}}""")]
    [InlineData("""{"data":{"result":[{"metric":{},"values":[[1e300,"1"]]}]}}""")]
    public async Task An_answer_that_is_none_of_Prometheus_is_told_so(string answer)
    {
        var served = ServeAsync(_ => { }, answer);
        var e = await Assert.ThrowsAsync<SampleStoreException>(async () => await ReadAsync());
        Assert.Contains("none of Prometheus", e.Message, StringComparison.Ordinal);
        await served;
    }

    [Fact]
    public async Task A_refusal_in_an_unknown_character_set_is_one_all_the_same()
    {
        var e = await RefusedAsync(
            static answer =>
            {
                answer.StatusCode = 502;
                answer.ContentType = "text/html; charset=utf8";
            },
            "no upstream");
        Assert.True(e.Retryable);
        Assert.Contains("502: no upstream", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_may_be_tried_again()
    {
        listener.Prefixes.Add(address.AbsoluteUri);
        listener.Start();
        client.Timeout = TimeSpan.FromMilliseconds(100);
        var e = await Assert.ThrowsAsync<SampleStoreException>(async () => await Store().AppendAsync([One], CancellationToken.None));
        Assert.True(e.Retryable);
        Assert.Contains("in time", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_stalls_amid_its_answer_may_be_tried_again()
    {
        listener.Prefixes.Add(address.AbsoluteUri);
        listener.Start();
        var reading = ReadAsync();
        var context = await listener.GetContextAsync().WaitAsync(TimeSpan.FromSeconds(30));
        context.Response.SendChunked = true;
        await context.Response.OutputStream.WriteAsync("{\"data\":"u8.ToArray());
        await context.Response.OutputStream.FlushAsync();
        while (!reading.IsCompleted)
        {
            clock.Advance(client.Timeout);
            await Task.WhenAny(reading, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System));
        }

        var e = await Assert.ThrowsAsync<SampleStoreException>(async () => await reading);
        Assert.True(e.Retryable);
        Assert.Contains("in time", e.Message, StringComparison.Ordinal);
        context.Response.Abort();
    }

    [PrometheusFact]
    public async Task A_real_Prometheus_is_understood_as_a_sender()
    {
        listener.Prefixes.Add(address.AbsoluteUri);
        listener.Start();
        using var prometheus = await ServerProcess.StartPrometheusAsync(client, address);
        var received = new List<Sample>();
        while (!received.Exists(sample => sample.Labels.Name == "up"))
        {
            var context = await listener.GetContextAsync().WaitAsync(TimeSpan.FromSeconds(30));
            using var body = new MemoryStream();
            await context.Request.InputStream.CopyToAsync(body);
            received.AddRange(RemoteWriteDecoder.Decode(body.ToArray(), RemoteWriteLimits.Default));
            context.Response.Close();
        }

        var up = received.First(sample => sample.Labels.Name == "up");
        Assert.Equal(1, up.Value);
        Assert.Equal("itself", up.Labels["job"]);
    }

    private PrometheusStore Store() => new(client, new Uri(address, "api/v1/write"), address, clock);

    private async Task<IReadOnlyList<TimeSeries>> ReadAsync() =>
        await Store().ReadAsync(SeriesSelector.Of("m"), TimeRange.Before(clock.GetUtcNow(), TimeSpan.FromHours(1)), CancellationToken.None);

    private async Task<SampleStoreException> RefusedAsync(Action<HttpListenerResponse> answer, string body)
    {
        var served = ServeAsync(answer, body);
        var e = await Assert.ThrowsAsync<SampleStoreException>(async () => await Store().AppendAsync([One], CancellationToken.None));
        await served;
        return e;
    }

    /// <summary>Answers one request.</summary>
    private async Task<(System.Collections.Specialized.NameValueCollection Headers, byte[] Body)> ServeAsync(Action<HttpListenerResponse> answer, string text)
    {
        if (listener.Prefixes.Count == 0)
        {
            listener.Prefixes.Add(address.AbsoluteUri);
        }

        listener.Start();
        var context = await listener.GetContextAsync();
        using var body = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(body);
        answer(context.Response);
        context.Response.Close(System.Text.Encoding.UTF8.GetBytes(text), willBlock: true);
        return (context.Request.Headers, body.ToArray());
    }
}
