using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using System.Text;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Http;

namespace NetPulse.Telemetry.Store.Influx;

/// <summary>InfluxDB: line protocol to append; InfluxQL, or Flux on 2.x, to read. A metric is a measurement with the one field <c>value</c>.</summary>
/// <remarks>
/// A sample for a time that the series has already replaces the one before. NaN and infinities cannot be written, nor some labels with a backslash
/// (<see cref="LineProtocolEncoder"/>): they are dropped and counted. InfluxDB's own limits hold: tags of 64 KB, series per database.
/// </remarks>
public sealed class InfluxStore : ISampleStore, IDisposable
{
    private const int RequestSamples = 10_000;

    private static readonly MediaTypeHeaderValue Lines = new("text/plain") { CharSet = "utf-8" };
    private static readonly MediaTypeHeaderValue FluxQuery = new("application/vnd.flux");

    private readonly StoreClient http;
    private readonly InfluxOptions options;
    private readonly string root;
    private readonly Uri write;
    private readonly Meter meter = new("NetPulse.Telemetry");
    private readonly Counter<long> dropped;

    /// <param name="client">Carries authentication and the time-out.</param>
    /// <param name="options">Validated; with an address.</param>
    /// <param name="time">Tells how far off a <c>Retry-After</c> date is.</param>
    public InfluxStore(HttpClient client, InfluxOptions options, TimeProvider time)
    {
        http = new StoreClient(client, time);
        this.options = options;
        root = options.Url!.AbsoluteUri.TrimEnd('/');
        write = options.Version == InfluxVersion.V1
            ? new Uri($"{root}/write?precision=ms&db={Escaped(options.Database)}{Optional("rp", options.RetentionPolicy)}")
            : new Uri($"{root}/api/v2/write?precision=ms&bucket={Escaped(options.Database)}{Optional("org", options.Organization)}");
        dropped = meter.CreateCounter<long>("netpulse_store_influx_samples_dropped", description: "Samples that line protocol cannot hold.");
    }

    public async ValueTask AppendAsync(IReadOnlyList<Sample> samples, CancellationToken cancellationToken)
    {
        for (var start = 0; start < samples.Count; start += RequestSamples)
        {
            var lines = LineProtocolEncoder.Encode(samples.Skip(start).Take(RequestSamples), out var leftOut);
            dropped.Add(leftOut);
            if (lines.Length == 0)
            {
                continue;
            }

            using var request = new HttpRequestMessage(HttpMethod.Post, write);
            request.Content = new ByteArrayContent(lines);
            request.Content.Headers.ContentType = Lines;
            using var answer = await http.SendAsync(request, $"Append samples to {write}", cancellationToken);
        }
    }

    public ValueTask<IReadOnlyList<TimeSeries>> ReadAsync(SeriesSelector selector, TimeRange range, CancellationToken cancellationToken) =>
        SelectAsync(selector, range, onlyLast: false, cancellationToken);

    public async ValueTask<IReadOnlyCollection<LabelSet>> SeriesAsync(IReadOnlyList<SeriesSelector> selectors, TimeRange range, CancellationToken cancellationToken)
    {
        var found = new HashSet<LabelSet>();
        foreach (var selector in selectors.Count > 0 ? selectors : [new SeriesSelector([])])
        {
            found.UnionWith((await SelectAsync(selector, range, onlyLast: true, cancellationToken)).Select(static series => series.Labels));
        }

        return found;
    }

    public void Dispose() => meter.Dispose();

    private async ValueTask<IReadOnlyList<TimeSeries>> SelectAsync(SeriesSelector selector, TimeRange range, bool onlyLast, CancellationToken cancellationToken)
    {
        if (range.From > range.To)
        {
            return [];
        }

        var series = options.Version == InfluxVersion.V2Flux
            ? await FluxAsync(selector, range, onlyLast, cancellationToken)
            : await InfluxQlAsync(selector, range, onlyLast, cancellationToken);
        return [.. series.Where(one => selector.Matches(one.Labels))];
    }

    private async Task<IReadOnlyList<TimeSeries>> InfluxQlAsync(SeriesSelector selector, TimeRange range, bool onlyLast, CancellationToken cancellationToken)
    {
        var tried = $"Read {selector} from {root}/query";
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{root}/query?epoch=ms&chunked=true&db={Escaped(options.Database)}{Optional("rp", options.RetentionPolicy)}");
        request.Content = new FormUrlEncodedContent([new("q", InfluxQl.Select(selector, range, onlyLast))]);
        using var response = await http.SendAsync(request, tried, cancellationToken);
        var answer = new InfluxQlAnswer();
        await http.DecodeAsync(response, answer.Decoder(), "InfluxDB", tried, cancellationToken);
        return answer.Error is { } error ? throw new SampleStoreException(tried, $"it answered: {error}", retryable: false)
            : answer.HasResults ? answer.Series()
            : throw new SampleStoreException(tried, "the answer is none of InfluxDB (no results): check the address", retryable: false);
    }

    private async Task<IReadOnlyList<TimeSeries>> FluxAsync(SeriesSelector selector, TimeRange range, bool onlyLast, CancellationToken cancellationToken)
    {
        var tried = $"Read {selector} from {root}/api/v2/query";
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{root}/api/v2/query?org={Escaped(options.Organization)}");
        request.Headers.Accept.ParseAdd("application/csv");
        request.Content = new StringContent(InfluxQl.Flux(options.Database, selector, range, onlyLast), Encoding.UTF8, FluxQuery);
        using var response = await http.SendAsync(request, tried, cancellationToken);
        try
        {
            return await http.ReadAsync(tried, async token =>
            {
                await using var body = await response.Content.ReadAsStreamAsync(token);
                return await FluxAnswer.ReadAsync(body, token);
            }, cancellationToken);
        }
        catch (FormatException e)
        {
            throw new SampleStoreException(tried, $"the answer is none of InfluxDB ({e.Message}): check the address", retryable: false, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException and not SampleStoreException)
        {
            throw new SampleStoreException(tried, $"its answer broke off ({e.Message}): check the network", retryable: true, e);
        }
    }

    private static string Escaped(string text) => Uri.EscapeDataString(text);

    private static string Optional(string name, string value) => value.Length == 0 ? "" : $"&{name}={Escaped(value)}";
}
