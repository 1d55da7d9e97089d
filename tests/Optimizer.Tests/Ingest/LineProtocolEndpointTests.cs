using System.IO.Compression;
using System.Net;
using System.Text;
using NetPulse.Optimizer.Tests.Queries;

namespace NetPulse.Optimizer.Tests.Ingest;

public sealed class LineProtocolEndpointTests(ApiRig rig) : IClassFixture<ApiRig>
{
    private static readonly long Now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    private readonly string metric = $"lines_{Guid.NewGuid():N}";

    [Theory]
    [InlineData("/write?db=any&precision=s")]
    [InlineData("/api/v2/write?org=us&bucket=any&precision=s")]
    public async Task Both_versions_endpoints_keep_lines(string path)
    {
        Assert.Equal((HttpStatusCode.NoContent, ""), await rig.WriteAsync(path, $"{metric},pod=a value=7 {Now}"));
        Assert.Contains("\"7\"", (await rig.GetAsync($"/api/v1/query?query={metric}&time={Now}")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_lines_are_named_and_good_ones_kept()
    {
        var (status, body) = await rig.WriteAsync("/write?precision=s", $"{metric} value=1 {Now}\nbad\n{metric},x= value=1");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("""{"error":"partial write: 2 of 3 lines refused: line 2: missing fields; line 3: missing tag value"}""", body);
        Assert.Contains("\"1\"", (await rig.GetAsync($"/api/v1/query?query={metric}&time={Now}")).Body, StringComparison.Ordinal);
        (status, body) = await rig.WriteAsync("/api/v2/write", "bad");
        Assert.Equal((HttpStatusCode.BadRequest, """{"code":"invalid","message":"partial write: 1 of 1 lines refused: line 1: missing fields"}"""), (status, body));
    }

    [Fact]
    public async Task What_is_packed_is_unpacked_up_to_a_bound()
    {
        Assert.Equal(HttpStatusCode.NoContent, await PackedAsync($"{metric} value=3 {Now}", "gzip"));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, await PackedAsync(new string(' ', 40 << 20), "gzip"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, await PackedAsync("", "br"));
        Assert.Equal(HttpStatusCode.BadRequest, (await rig.WriteAsync("/write?precision=y", "")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await rig.GetAsync("/ping")).Status);
    }

    [Fact]
    public async Task A_line_of_10_MB_is_refused_by_its_number()
    {
        var (status, body) = await rig.WriteAsync("/write", $"{metric},t={new string('x', 10 << 20)} value=1");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("line 1: the line has", body, StringComparison.Ordinal);
    }

    private async Task<HttpStatusCode> PackedAsync(string lines, string encoding)
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(lines));
        }

        using var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentEncoding.Add(encoding);
        using var response = await rig.Client.PostAsync(new Uri("/write?precision=s", UriKind.Relative), content);
        return response.StatusCode;
    }
}
