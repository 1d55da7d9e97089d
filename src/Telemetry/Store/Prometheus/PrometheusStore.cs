using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Prometheus;

/// <summary>A store that speaks Prometheus: remote write 1.0 to append, the HTTP query API to read.</summary>
/// <remarks>
/// How soon a sample can be read after it was written is the server's affair (VictoriaMetrics: about a second, for a new series that was
/// asked for before about ten, and its <c>-search.latencyOffset</c>). Prometheus takes no sample older than its newest of the same series,
/// and no second value for a time. VictoriaMetrics keeps decimals: beside 1e11, a 1e-9 of the same series comes back as 0.
/// </remarks>
/// <param name="client">Carries authentication and the time-out.</param>
/// <param name="write">Where to post remote write, as <c>http://host:9090/api/v1/write</c>.</param>
/// <param name="query">What <c>api/v1/query</c> is below, as <c>http://host:9090/</c>.</param>
/// <param name="time">Tells how far off a <c>Retry-After</c> date is.</param>
public sealed class PrometheusStore(HttpClient client, Uri write, Uri query, TimeProvider time) : ISampleStore
{
    /// <summary>About 1 MiB uncompressed; servers refuse requests that are much longer.</summary>
    private const int RequestSamples = 10_000;
    private const int LongestAnswerText = 500;

    private static readonly MediaTypeHeaderValue Protobuf = new("application/x-protobuf");
    private static readonly ProductInfoHeaderValue UserAgent = new("NetPulse", typeof(PrometheusStore).Assembly.GetName().Version!.ToString(3));
    private readonly Uri queryEndpoint = new(query.AbsoluteUri.TrimEnd('/') + "/api/v1/query");

    public async ValueTask AppendAsync(IReadOnlyList<Sample> samples, CancellationToken cancellationToken)
    {
        for (var start = 0; start < samples.Count; start += RequestSamples)
        {
            using var content = new ByteArrayContent(RemoteWriteEncoder.Encode([.. samples.Skip(start).Take(RequestSamples)]));
            content.Headers.ContentType = Protobuf;
            content.Headers.ContentEncoding.Add("snappy");
            using var request = new HttpRequestMessage(HttpMethod.Post, write);
            request.Content = content;
            request.Headers.Add("X-Prometheus-Remote-Write-Version", "0.1.0");
            using var answer = await SendAsync(request, $"Append samples to {write}", cancellationToken);
        }
    }

    public async ValueTask<IReadOnlyList<TimeSeries>> ReadAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken)
    {
        var from = range.From.ToUnixTimeMilliseconds();
        var to = range.To.ToUnixTimeMilliseconds();
        if (from > to)
        {
            return [];
        }

        // a range in a query excludes its start since Prometheus 3 and includes it before: ask from a millisecond earlier, take what was asked for
        using var content = new FormUrlEncodedContent(
        [
            new("query", $"{selector}[{to - from + 1}ms]"),
            new("time", (to / 1000m).ToString(CultureInfo.InvariantCulture)),
        ]);
        using var request = new HttpRequestMessage(HttpMethod.Post, queryEndpoint);
        request.Content = content;
        var tried = $"Read {selector} from {queryEndpoint}";
        using var answer = await SendAsync(request, tried, cancellationToken);
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
            using var document = await JsonDocument.ParseAsync(body, cancellationToken: cancellationToken);
            return Matrix(document.RootElement, from, to);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException
            or FormatException or OverflowException or ArgumentException)
        {
            throw new SampleStoreException(tried, $"the answer is none of Prometheus ({e.Message}): check the address", retryable: false, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Unreachable(tried, e);
        }
    }

    private static List<TimeSeries> Matrix(JsonElement answer, long from, long to)
    {
        var series = new List<TimeSeries>();
        foreach (var one in answer.GetProperty("data").GetProperty("result").EnumerateArray())
        {
            var labels = LabelSet.From(one.GetProperty("metric").EnumerateObject().Select(label => new Label(label.Name, label.Value.GetString()!)));
            var points = one.GetProperty("values");
            var times = new long[points.GetArrayLength()];
            var values = new double[times.Length];
            var count = 0;
            foreach (var point in points.EnumerateArray())
            {
                var at = (long)decimal.Round(point[0].GetDecimal() * 1000);
                if (at >= from && at <= to)
                {
                    // VictoriaMetrics keeps a sample twice that was sent twice
                    count -= count > 0 && times[count - 1] == at ? 1 : 0;
                    times[count] = at;
                    values[count++] = Number(point[1].GetString()!);
                }
            }

            if (count > 0)
            {
                series.Add(new TimeSeries(labels, times.AsMemory(0, count), values.AsMemory(0, count)));
            }
        }

        return series;
    }

    private static double Number(string text) => text switch
    {
        "+Inf" => double.PositiveInfinity,
        "-Inf" => double.NegativeInfinity,
        _ => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };

    private static SampleStoreException Unreachable(string tried, Exception e) =>
        new(tried, $"it could not be reached ({e.Message}): check the address and the network", retryable: true, e);

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, string tried, CancellationToken cancellationToken)
    {
        request.Headers.UserAgent.Add(UserAgent);
        HttpResponseMessage answer;
        try
        {
            answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(tried, e);
        }
        catch (TaskCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SampleStoreException(tried, "it did not answer in time", retryable: true, e);
        }

        if (answer.IsSuccessStatusCode)
        {
            return answer;
        }

        using (answer)
        {
            throw await RefusedAsync(answer, tried, cancellationToken);
        }
    }

    private async Task<SampleStoreException> RefusedAsync(HttpResponseMessage answer, string tried, CancellationToken cancellationToken)
    {
        string words;
        try
        {
            words = await answer.Content.ReadAsStringAsync(cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            words = e.Message;
        }

        var retryable = (int)answer.StatusCode >= 500 || answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout;
        var text = words.Trim();
        return new SampleStoreException(tried, $"it answered {(int)answer.StatusCode}: {text[..Math.Min(text.Length, LongestAnswerText)]}", retryable)
        {
            RetryAfter = answer.Headers.RetryAfter switch
            {
                { Delta: { } delta } => delta,
                { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
                { Date: not null } => TimeSpan.Zero,
                _ => null,
            },
        };
    }
}
