using System.Net;
using System.Text;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;
using NetPulse.Telemetry.Store.Influx;
using NetPulse.Tests;

namespace NetPulse.Telemetry.Tests.Store.Influx;

/// <summary>What no server that can be had here answers: 2.x and 3.x, by their requests and by answers of the shape that their documentation shows.</summary>
public sealed class InfluxRequestTests : IDisposable
{
    private static readonly TimeRange Hour = new(DateTimeOffset.FromUnixTimeSeconds(1_700_000_000), DateTimeOffset.FromUnixTimeSeconds(1_700_003_600));
    private readonly RecordedServer server = new();

    public void Dispose() => server.Dispose();

    [Theory]
    [InlineData(InfluxVersion.V1, "/write?precision=ms&db=net%20pulse&rp=week")]
    [InlineData(InfluxVersion.V2, "/api/v2/write?precision=ms&bucket=net%20pulse&org=us")]
    [InlineData(InfluxVersion.V3, "/api/v2/write?precision=ms&bucket=net%20pulse&org=us")]
    public async Task Lines_go_to_the_endpoint_of_the_version(InfluxVersion version, string path)
    {
        using var store = Store(version);
        await store.AppendAsync([new Sample(LabelSet.Of("m", ("a", "b c")), 1500, 2.5)], CancellationToken.None);
        Assert.Equal(path, server.Request!.RequestUri!.PathAndQuery);
        Assert.Equal("m,a=b\\ c value=2.5 1500\n", server.Body);
    }

    [Fact]
    public async Task Flux_asks_for_what_the_selector_surely_means_and_the_rest_is_tested_here()
    {
        server.Answer = """"
            #datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string
            #group,false,false,true,true,false,false,true,true,true
            #default,_result,,,,,,,,
            ,result,table,_start,_stop,_time,_value,_field,_measurement,pod
            ,,0,2023-11-14T22:13:20Z,2023-11-14T23:13:20.001Z,2023-11-14T22:13:21Z,1.5,value,m,a
            ,,0,2023-11-14T22:13:20Z,2023-11-14T23:13:20.001Z,2023-11-14T22:13:22.5Z,2,value,m,a
            ,,1,2023-11-14T22:13:20Z,2023-11-14T23:13:20.001Z,2023-11-14T22:13:21Z,3,value,m,"b, ""quoted"""
            ,,2,2023-11-14T22:13:20Z,2023-11-14T23:13:20.001Z,2023-11-14T22:13:21Z,4,value,m,z9

            #datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,long,string,string
            #group,false,false,true,true,false,false,true,true
            #default,_result,,,,,,,
            ,result,table,_start,_stop,_time,_value,_field,_measurement
            ,,3,2023-11-14T22:13:20Z,2023-11-14T23:13:20.001Z,2023-11-14T22:13:21Z,5,value,m

            """".ReplaceLineEndings("\r\n");
        using var store = Store(InfluxVersion.V2Flux);
        var selector = new SeriesSelector([new LabelMatcher("__name__", MatchKind.Equal, "m"), new LabelMatcher("pod", MatchKind.NotPattern, "z.*"), new LabelMatcher("kind", MatchKind.Equal, "")]);
        var read = await store.ReadAsync(selector, Hour, CancellationToken.None);
        Assert.Equal("/api/v2/query?org=us", server.Request!.RequestUri!.PathAndQuery);
        Assert.Equal("application/vnd.flux", server.Request.Content!.Headers.ContentType!.MediaType);
        Assert.Equal(
            "from(bucket: \"net pulse\") |> range(start: 2023-11-14T22:13:20.000Z, stop: 2023-11-14T23:13:20.001Z)"
            + " |> filter(fn: (r) => r[\"_field\"] == \"value\" and (r[\"_measurement\"] == \"m\"))",
            server.Body);
        Assert.Equal(
            [LabelSet.Of("m"), LabelSet.Of("m", ("pod", "a")), LabelSet.Of("m", ("pod", "b, \"quoted\""))],
            read.Select(series => series.Labels).Order(Comparer<LabelSet>.Create(LabelOrder.Compare)));
        var a = read.Single(series => series.Labels["pod"] == "a");
        Assert.Equal([1_700_000_001_000L, 1_700_000_002_500], a.UnixMilliseconds.ToArray());
        Assert.Equal([1.5, 2], a.Values.ToArray());
    }

    [Fact]
    public async Task An_error_within_the_answer_is_told_in_its_words()
    {
        server.Answer = "#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n,error,reference\r\n,query terminated: out of memory,897\r\n";
        using var flux = Store(InfluxVersion.V2Flux);
        var e = await Assert.ThrowsAsync<SampleStoreException>(async () => await flux.ReadAsync(SeriesSelector.Of("m"), Hour, CancellationToken.None));
        Assert.Contains("out of memory", e.Message, StringComparison.Ordinal);
        server.Answer = """{"results":[{"statement_id":0,"error":"database not found: netpulse"}]}""";
        using var store = Store(InfluxVersion.V3);
        e = await Assert.ThrowsAsync<SampleStoreException>(async () => await store.ReadAsync(SeriesSelector.Of("m"), Hour, CancellationToken.None));
        Assert.Contains("database not found", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("<html>")]
    public async Task An_answer_that_is_none_of_InfluxDB_is_told_so(string answer)
    {
        server.Answer = answer;
        using var store = Store(InfluxVersion.V2);
        var e = await Assert.ThrowsAsync<SampleStoreException>(async () => await store.ReadAsync(SeriesSelector.Of("m"), Hour, CancellationToken.None));
        Assert.Contains("none of InfluxDB", e.Message, StringComparison.Ordinal);
    }

    private InfluxStore Store(InfluxVersion version) => new(
        server.Client,
        new InfluxOptions { Url = new Uri("http://influx.test:8086"), Version = version, Database = "net pulse", Organization = version == InfluxVersion.V1 ? "" : "us", RetentionPolicy = version == InfluxVersion.V1 ? "week" : "" },
        new TestClock());

    /// <summary>Keeps the request, gives the recorded answer.</summary>
    private sealed class RecordedServer : HttpMessageHandler
    {
        public RecordedServer() => Client = new HttpClient(this);

        public HttpClient Client { get; }

        public HttpRequestMessage? Request { get; private set; }

        public string Body { get; private set; } = "";

        public string Answer { get; set; } = "";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Request = request;
            Body = await request.Content!.ReadAsStringAsync(cancellationToken);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(Answer, Encoding.UTF8) };
        }
    }
}
