using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Http;

namespace NetPulse.Telemetry.Store.Prometheus;

/// <summary>A store that speaks Prometheus: remote write 1.0 to append, the HTTP query API to read. Queries are evaluated where the samples are.</summary>
/// <remarks>
/// How soon a sample can be read after it was written is the server's affair (VictoriaMetrics: about a second, for a new series that was
/// asked for before about ten, and its <c>-search.latencyOffset</c>). Prometheus takes no sample older than its newest of the same series,
/// and no second value for a time. VictoriaMetrics keeps decimals: beside 1e11, a 1e-9 of the same series comes back as 0.
/// </remarks>
/// <param name="client">Carries authentication, the tenant and the time-out.</param>
/// <param name="write">Where to post remote write, as <c>http://host:9090/api/v1/write</c>.</param>
/// <param name="query">What <c>api/v1/query</c> is below, as <c>http://host:9090/</c>; of Mimir <c>http://host:8080/prometheus</c>.</param>
/// <param name="time">Tells how far off a <c>Retry-After</c> date is.</param>
public sealed class PrometheusStore(HttpClient client, Uri write, Uri query, TimeProvider time) : ISampleStore, IPromQl
{
    /// <summary>About 1 MiB uncompressed; servers refuse requests that are much longer.</summary>
    private const int RequestSamples = 10_000;

    private static readonly long LatestUnixMilliseconds = new DateTimeOffset(2200, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    private static readonly MediaTypeHeaderValue Protobuf = new("application/x-protobuf");
    private readonly StoreClient http = new(client, time);

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
            using var answer = await http.SendAsync(request, $"Append samples to {write}", cancellationToken);
        }
    }

    public async ValueTask<IReadOnlyList<TimeSeries>> ReadAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken)
    {
        // PromQL counts a duration in 63 bits of nanoseconds: 292 years
        var from = Math.Max(range.From.ToUnixTimeMilliseconds(), 0);
        var to = Math.Min(range.To.ToUnixTimeMilliseconds(), LatestUnixMilliseconds);
        if (from > to)
        {
            return [];
        }

        // a range in a query excludes its start since Prometheus 3 and includes it before: ask from a millisecond earlier, take what was asked for
        var answer = await AskAsync("query", [new("query", $"{selector}[{to - from + 1}ms]"), new("time", Seconds(to))], $"Read {selector}", cancellationToken);
        return [.. answer.Series.Select(series => Within(series, from)).Where(static series => series.Count > 0)];
    }

    public async ValueTask<IReadOnlyCollection<LabelSet>> SeriesAsync(IReadOnlyList<SeriesSelector> selectors, TimeRange range, CancellationToken cancellationToken) =>
        (await AskAsync("series", Parameters(selectors.Count > 0 ? selectors : [new SeriesSelector([])], range), "List series", cancellationToken)).LabelSets;

    public async ValueTask<IReadOnlyCollection<string>> LabelNamesAsync(IReadOnlyList<SeriesSelector> selectors, TimeRange range, CancellationToken cancellationToken) =>
        (await AskAsync("labels", Parameters(selectors, range), "List labels", cancellationToken)).Texts;

    public async ValueTask<IReadOnlyCollection<string>> LabelValuesAsync(
        string name, IReadOnlyList<SeriesSelector> selectors, TimeRange range, CancellationToken cancellationToken)
    {
        // of this one Prometheus takes no POST
        using var form = new FormUrlEncodedContent(Parameters(selectors, range));
        var path = $"label/{Uri.EscapeDataString(name)}/values?{await form.ReadAsStringAsync(cancellationToken)}";
        return (await AskAsync(path, null, $"List values of {name}", cancellationToken)).Texts;
    }

    public async ValueTask<QueryAnswer> QueryAsync(string query, DateTimeOffset at, CancellationToken cancellationToken) =>
        Result(await AskAsync("query", [new("query", query), new("time", Seconds(at.ToUnixTimeMilliseconds()))], "Query", cancellationToken, isQuery: true));

    public async ValueTask<QueryAnswer> QueryRangeAsync(string query, QuerySteps steps, CancellationToken cancellationToken) =>
        Result(await AskAsync(
            "query_range",
            [
                new("query", query), new("start", Seconds(steps.From.ToUnixTimeMilliseconds())), new("end", Seconds(steps.To.ToUnixTimeMilliseconds())),
                new("step", steps.Step.TotalSeconds.ToString(CultureInfo.InvariantCulture)),
            ],
            "Query",
            cancellationToken,
            isQuery: true));

    private QueryAnswer Result(PrometheusAnswer answer)
    {
        try
        {
            return answer.Query();
        }
        catch (FormatException e)
        {
            throw new SampleStoreException($"Query {query}", $"the answer is none of Prometheus ({e.Message}): check the address", retryable: false, e);
        }
    }

    private async Task<PrometheusAnswer> AskAsync(
        string path, KeyValuePair<string, string>[]? form, string what, CancellationToken cancellationToken, bool isQuery = false)
    {
        var endpoint = new Uri(query.AbsoluteUri.TrimEnd('/') + "/api/v1/" + path);
        var tried = $"{what} from {endpoint.GetLeftPart(UriPartial.Path)}";
        using var request = new HttpRequestMessage(form is null ? HttpMethod.Get : HttpMethod.Post, endpoint);
        request.Content = form is null ? null : new FormUrlEncodedContent(form);
        using var response = await http.AskAsync(request, tried, cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            var words = await http.WordsAsync(response, tried, cancellationToken);
            throw (isQuery ? Fault(response.StatusCode, words) : null) as Exception ?? http.Refused(response, words, tried);
        }

        var answer = new PrometheusAnswer();
        await http.DecodeAsync(response, answer.Decoder(), "Prometheus", tried, cancellationToken);
        return answer.HasData ? answer : throw new SampleStoreException(tried, "the answer is none of Prometheus (no data): check the address", retryable: false);
    }

    /// <returns>What is wrong with the query, where the server says that it is the query; <see langword="null"/> otherwise.</returns>
    private static PromQlException? Fault(HttpStatusCode status, string words)
    {
        if (status is not (HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(words);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.String
                ? new PromQlException(status == HttpStatusCode.BadRequest ? PromQlFault.Refused : PromQlFault.Failed, error.GetString()!)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static KeyValuePair<string, string>[] Parameters(IReadOnlyList<SeriesSelector> selectors, TimeRange range) =>
    [
        .. selectors.Select(static selector => new KeyValuePair<string, string>("match[]", selector.Matchers.IsEmpty ? "{__name__!=\"\"}" : selector.ToString())),
        new("start", Seconds(Math.Clamp(range.From.ToUnixTimeMilliseconds(), 0, LatestUnixMilliseconds))),
        new("end", Seconds(Math.Clamp(range.To.ToUnixTimeMilliseconds(), 0, LatestUnixMilliseconds))),
    ];

    private static TimeSeries Within(TimeSeries series, long from)
    {
        var begin = series.UnixMilliseconds.Span.BinarySearch(from);
        begin = begin < 0 ? ~begin : begin;
        return begin == 0 ? series : new TimeSeries(series.Labels, series.UnixMilliseconds[begin..], series.Values[begin..]);
    }

    private static string Seconds(long unixMilliseconds) => (unixMilliseconds / 1000m).ToString(CultureInfo.InvariantCulture);
}
