using System.Globalization;
using System.Net;
using System.Text.Json;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Tests.Queries;

public sealed class PrometheusApiTests(ApiRig rig) : IClassFixture<ApiRig>
{
    private static readonly long Start = TimeProvider.System.GetUtcNow().AddMinutes(-10).ToUnixTimeSeconds();

    private readonly string metric = $"api_{Guid.NewGuid():N}";

    [Fact]
    public async Task A_vector_has_the_shape_that_Grafana_reads()
    {
        await WriteAsync($"{metric},pod=a\\ \"x\",node=n value=1.5 {Start}");
        var expected = $$$"""{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"{{{metric}}}","node":"n","pod":"a \"x\""},"value":[{{{Start + 10}}}.250,"1.5"]}]}}""";
        Assert.Equal((HttpStatusCode.OK, expected), await rig.GetAsync($"/api/v1/query?query={metric}&time={Start + 10}.25"));
        Assert.Equal((HttpStatusCode.OK, expected), await rig.PostAsync("/api/v1/query", new("query", metric), new("time", $"{Start + 10}.25")));
    }

    [Fact]
    public async Task A_matrix_has_a_point_a_step()
    {
        await WriteAsync($"{metric} value=1 {Start}\n{metric} value=2 {Start + 60}");
        var expected = $$$"""{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"{{{metric}}}"},"values":[[{{{Start}}},"1"],[{{{Start + 30}}},"1"],[{{{Start + 60}}},"2"]]}]}}""";
        Assert.Equal((HttpStatusCode.OK, expected), await rig.GetAsync($"/api/v1/query_range?query={metric}&start={Start}&end={Start + 60}&step=30s"));
        Assert.Equal((HttpStatusCode.OK, expected), await rig.PostAsync("/api/v1/query_range", new("query", metric), new("start", $"{Start}"), new("end", $"{Start + 60}"), new("step", "30")));
    }

    [Fact]
    public async Task Scalars_texts_and_numbers_that_are_none_have_their_shapes()
    {
        Assert.Equal("""{"status":"success","data":{"resultType":"scalar","result":[5,"+Inf"]}}""", (await rig.GetAsync("/api/v1/query?query=1/0&time=5")).Body);
        Assert.Equal("""{"status":"success","data":{"resultType":"scalar","result":[5,"NaN"]}}""", (await rig.GetAsync("/api/v1/query?query=0/0&time=5")).Body);
        Assert.Equal("""{"status":"success","data":{"resultType":"string","result":[5,"text"]}}""", (await rig.GetAsync("/api/v1/query?query=%22text%22&time=5")).Body);
        Assert.Equal("""{"status":"success","data":{"resultType":"vector","result":[]}}""", (await rig.GetAsync("/api/v1/query?query=nothing&time=5")).Body);
    }

    [Theory]
    [InlineData("query?query=rate(", 400, "bad_data", "1:6: parse error")]
    [InlineData("query?query=nothing_known(a)", 400, "bad_data", "unknown function with name")]
    [InlineData("query", 400, "bad_data", "query")]
    [InlineData("query?query=a&time=yesterday", 400, "bad_data", "yesterday")]
    [InlineData("query_range?query=a&start=0&end=11000&step=1", 400, "bad_data", "exceeded maximum resolution of 11,000 points")]
    [InlineData("query_range?query=a&start=10&end=0&step=1", 400, "bad_data", "before start")]
    [InlineData("query_range?query=a&start=0&end=10&step=0", 400, "bad_data", "step")]
    [InlineData("query_range?query=a[5m]&start=0&end=10&step=1", 400, "bad_data", "invalid expression type")]
    [InlineData("query_range?query=vector(1)%2Bvector(2)%2Bvector(3)&start=0&end=10000&step=1", 422, "execution", "too many samples")]
    [InlineData("query?query=label_replace(vector(1),%22%22,%22%22,%22%22,%22%22)", 422, "execution", "invalid label name")]
    [InlineData("series", 400, "bad_data", "match[]")]
    [InlineData("series?match[]=sum(a)", 400, "bad_data", "selector")]
    public async Task What_is_refused_is_told_as_Prometheus_tells_it(string path, int status, string type, string words)
    {
        var (code, body) = await rig.GetAsync($"/api/v1/{path}");
        Assert.Equal(status, (int)code);
        using var document = JsonDocument.Parse(body);
        Assert.Equal("error", document.RootElement.GetProperty("status").GetString());
        Assert.Equal(type, document.RootElement.GetProperty("errorType").GetString());
        Assert.Contains(words, document.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Series_labels_and_values_are_listed()
    {
        await WriteAsync($"{metric},pod=b value=1 {Start}\n{metric},pod=a value=1 {Start}");
        Assert.Equal(
            $$"""{"status":"success","data":[{"__name__":"{{metric}}","pod":"a"},{"__name__":"{{metric}}","pod":"b"}]}""",
            (await rig.GetAsync($"/api/v1/series?match[]={metric}")).Body);
        Assert.Equal("""{"status":"success","data":["__name__","pod"]}""", (await rig.PostAsync("/api/v1/labels", new("match[]", metric), new("start", $"{Start}"))).Body);
        Assert.Equal("""{"status":"success","data":["a","b"]}""", (await rig.GetAsync($"/api/v1/label/pod/values?match[]={metric}")).Body);
        Assert.Equal("""{"status":"success","data":["a"]}""", (await rig.GetAsync($"/api/v1/label/pod/values?match[]={metric}&limit=1")).Body);
        Assert.Equal("""{"status":"success","data":[]}""", (await rig.GetAsync($"/api/v1/label/pod/values?match[]={metric}&end={Start - 100}")).Body);
    }

    [Fact]
    public async Task What_Grafana_asks_first_is_answered()
    {
        Assert.Contains("\"version\":\"2.", (await rig.GetAsync("/api/v1/status/buildinfo")).Body, StringComparison.Ordinal);
        var (status, body) = await rig.GetAsync("/api/v1/metadata");
        Assert.Equal(HttpStatusCode.OK, status);
        using var document = JsonDocument.Parse(body);
        Assert.Equal(MetricTable.All.Length, document.RootElement.GetProperty("data").EnumerateObject().Count());
        Assert.Equal(
            """{"status":"success","data":{"netpulse_tcp_retransmits_total":[{"type":"counter","help":"Segments sent again.","unit":""}]}}""",
            (await rig.GetAsync("/api/v1/metadata?metric=netpulse_tcp_retransmits_total")).Body);
        Assert.Equal("""{"status":"success","data":{}}""", (await rig.GetAsync("/api/v1/metadata?metric=nobodys")).Body);
    }

    [Fact]
    public async Task An_answer_longer_than_a_buffer_comes_whole()
    {
        await WriteAsync(string.Join('\n', Enumerable.Range(0, 3000).Select(i => $"{metric},i={i} value={i}.5 {Start}")));
        var (status, body) = await rig.GetAsync($"/api/v1/query?query={metric}&time={Start}");
        Assert.Equal(HttpStatusCode.OK, status);
        using var document = JsonDocument.Parse(body);
        Assert.Equal(3000, document.RootElement.GetProperty("data").GetProperty("result").GetArrayLength());
    }

    [Fact]
    public async Task Every_number_is_written_as_the_shortest_text_that_means_it()
    {
        double[] values = [0, -0.0, 0.001, -0.125, 1.5, 123456789.125, 0.1 + 0.2, 1e300, -7, 9007199254740992, 1e-300, 4.35, 1.0 / 3, 8.05e9 + 0.007, -0.999, 12.34];
        var at = (Start * 1000) + 17;
        Assert.Equal(HttpStatusCode.NoContent, (await rig.RemoteWriteAsync([.. values.Select((value, i) => new Sample(LabelSet.Of(metric), at + i, value))])).Status);
        using var document = JsonDocument.Parse((await rig.GetAsync($"/api/v1/query?query={metric}[1m]&time={Start + 1}")).Body);
        var points = document.RootElement.GetProperty("data").GetProperty("result")[0].GetProperty("values").EnumerateArray().ToArray();
        Assert.Equal(values.Select(static value => value.ToString("R", CultureInfo.InvariantCulture)), points.Select(static point => point[1].GetString()));
        Assert.Equal(values.Select((_, i) => (at + i) / 1000m), points.Select(static point => point[0].GetDecimal()));
    }

    [Fact]
    public async Task More_series_than_are_allowed_are_refused_with_the_setting()
    {
        await WriteAsync(string.Join('\n', Enumerable.Range(0, ApiRig.MaxSeries + 1).Select(i => $"{metric},i={i} value=1 {Start}")));
        var (status, body) = await rig.GetAsync($"/api/v1/series?match[]={metric}");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, status);
        Assert.Contains("query.maxSeries", body, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await rig.GetAsync($"/api/v1/query?query={metric}&time={Start}")).Status);
        Assert.Equal(HttpStatusCode.OK, (await rig.GetAsync($"/api/v1/query?query={metric}{{i=\"7\"}}&time={Start}")).Status);
    }

    [Fact]
    public async Task A_query_whose_time_is_over_is_told_so()
    {
        var (status, body) = await rig.GetAsync("/api/v1/query?query=up&timeout=0");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("\"errorType\":\"timeout\"", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-0.001")]
    [InlineData("-5")]
    public async Task A_negative_time_out_is_refused(string timeout)
    {
        var (status, body) = await rig.GetAsync($"/api/v1/query?query=up&timeout={timeout}");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("it is negative", body, StringComparison.Ordinal);
    }

    private async Task WriteAsync(string lines) => Assert.Equal((HttpStatusCode.NoContent, ""), await rig.WriteAsync("/write?db=any&precision=s", lines));
}
