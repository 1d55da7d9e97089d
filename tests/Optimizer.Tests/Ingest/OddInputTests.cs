using System.IO.Compression;
using System.Net;
using System.Text;
using IronSnappy;
using NetPulse.Optimizer.Tests.Queries;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Prometheus;

namespace NetPulse.Optimizer.Tests.Ingest;

/// <summary>What is odd, over both ways in, answered as docs/decisions/embedded-store.md says.</summary>
public sealed class OddInputTests(ApiRig rig) : IClassFixture<ApiRig>
{
    private const int DayMilliseconds = 86_400_000;

    private static readonly long Now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

    private readonly string metric = $"odd_{Guid.NewGuid():N}";

    public static TheoryData<double, string> OddValues => new()
    {
        { double.NaN, "NaN" },
        { double.PositiveInfinity, "+Inf" },
        { double.NegativeInfinity, "-Inf" },
        { -0.0, "-0" },
    };

    [Theory]
    [MemberData(nameof(OddValues))]
    public async Task Remote_write_keeps_any_double(double value, string text)
    {
        Assert.Equal(HttpStatusCode.NoContent, await RemoteWriteAsync(Of(Now, value)));
        Assert.Contains($"\"{text}\"", await FoundAsync(metric), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("Inf")]
    [InlineData("+Inf")]
    [InlineData("-Inf")]
    public async Task Line_protocol_has_no_NaN_and_no_infinity_and_refuses_the_line(string value)
    {
        var (status, body) = await WriteLinesAsync($"{metric} value={value} {Now}\n{metric}_other value=1 {Now}");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("line 1: invalid number", body, StringComparison.Ordinal);
        Assert.Contains("\"1\"", await FoundAsync($"{metric}_other"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Line_protocol_keeps_minus_zero()
    {
        Assert.Equal(HttpStatusCode.NoContent, (await WriteLinesAsync($"{metric} value=-0 {Now}")).Status);
        Assert.Contains("\"-0\"", await FoundAsync(metric), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_staleness_marker_ends_the_series_at_once()
    {
        Assert.Equal(HttpStatusCode.NoContent, await RemoteWriteAsync(Of(Now - 60_000, 1), Of(Now - 30_000, BitConverter.UInt64BitsToDouble(0x7ff0_0000_0000_0002))));
        Assert.Contains("\"1\"", await FoundAsync(metric, Now - 40_000), StringComparison.Ordinal);
        Assert.Contains("\"result\":[]", await FoundAsync(metric), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sample_of_the_far_past_or_future_is_dropped_and_counted_and_its_neighbours_are_kept()
    {
        Assert.Equal(HttpStatusCode.NoContent, await RemoteWriteAsync(Of(1, 1), Of(Now, 2), Of(Now + (2L * DayMilliseconds), 3)));
        Assert.Equal(HttpStatusCode.NoContent, (await WriteLinesAsync($"{metric} value=4 1\n{metric} value=5 {Now - 1}\n{metric} value=6 {Now + (2L * DayMilliseconds)}")).Status);
        var found = (await rig.GetAsync($"/api/v1/query?query={metric}[10000d]&time={Seconds(Now + (5000L * DayMilliseconds))}")).Body;
        Assert.Equal(["\"5\"", "\"2\""], found.Split(',').Where(static part => part.Contains("\"]", StringComparison.Ordinal)).Select(static part => part[..(part.IndexOf(']', StringComparison.Ordinal))]));
    }

    [Fact]
    public async Task A_time_that_is_no_date_is_refused()
    {
        Assert.Equal(HttpStatusCode.BadRequest, await RemoteWriteAsync(Of(long.MaxValue, 1)));
        Assert.Equal(HttpStatusCode.BadRequest, await RemoteWriteAsync(Of(-1, 1)));
        Assert.Equal(HttpStatusCode.BadRequest, (await WriteLinesAsync($"{metric} value=1 {long.MaxValue}")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await WriteLinesAsync($"{metric} value=1 -1")).Status);
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public async Task A_series_may_have_100_labels(int labels, bool areKept)
    {
        var others = Enumerable.Range(0, labels - 1).Select(static i => ($"l{i}", "v")).ToArray();
        Assert.Equal(areKept ? HttpStatusCode.NoContent : HttpStatusCode.BadRequest, await RemoteWriteAsync(new Sample(LabelSet.Of(metric, others), Now, 1)));
        var tags = string.Concat(others.Select(static label => $",{label.Item1}={label.Item2}"));
        Assert.Equal(areKept ? HttpStatusCode.NoContent : HttpStatusCode.BadRequest, (await WriteLinesAsync($"{metric}_line{tags} value=1 {Now}")).Status);
        Assert.Equal(areKept, (await FoundAsync(metric)).Contains("\"l98\"", StringComparison.Ordinal));
        Assert.Equal(areKept, (await FoundAsync($"{metric}_line")).Contains("\"l98\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(63 << 10, true)]
    [InlineData(65 << 10, false)]
    public async Task A_series_may_have_64_KiB_of_labels(int length, bool areKept)
    {
        var text = new string('x', length);
        Assert.Equal(areKept ? HttpStatusCode.NoContent : HttpStatusCode.BadRequest, await RemoteWriteAsync(new Sample(LabelSet.Of(metric, ("text", text)), Now, 1)));
        Assert.Equal(areKept ? HttpStatusCode.NoContent : HttpStatusCode.BadRequest, (await WriteLinesAsync($"{metric}_line,text={text} value=1 {Now}")).Status);
        Assert.Equal(areKept, (await FoundAsync(metric)).Contains(text, StringComparison.Ordinal));
        Assert.Equal(areKept, (await FoundAsync($"{metric}_line")).Contains(text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Invalid_utf8_is_refused()
    {
        var message = Snappy.Decode(RemoteWriteEncoder.Encode([new Sample(LabelSet.Of(metric, ("text", "bcd")), Now, 1)]));
        message[message.AsSpan().IndexOf("bcd"u8)] = 0xff;
        Assert.Equal((HttpStatusCode.BadRequest, "A text is not valid UTF-8\n"), await PostAsync("/api/v1/write", Snappy.Encode(message)));
        byte[] line = [.. Encoding.ASCII.GetBytes($"{metric},text="), 0xff, .. " value=1"u8];
        var (status, body) = await PostAsync("/write", line);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("line 1: invalid UTF-8", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bomb_is_refused_before_it_is_unpacked()
    {
        // a Snappy block that says that it holds 1 TiB
        var (status, body) = await PostAsync("/api/v1/write", [0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0x00]);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("announces 1099511627776 uncompressed bytes", body, StringComparison.Ordinal);
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await gzip.WriteAsync(new byte[64 << 20]);
        }

        using var content = new ByteArrayContent(packed.ToArray());
        content.Headers.ContentEncoding.Add("gzip");
        using var response = await rig.Client.PostAsync(new Uri("/write", UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Ten_megabytes_in_one_piece_are_refused()
    {
        var text = new string('x', 10 << 20);
        Assert.Equal(HttpStatusCode.BadRequest, await RemoteWriteAsync(new Sample(LabelSet.Of(metric, ("text", text)), Now, 1)));
        var (status, body) = await WriteLinesAsync($"{metric} value=1 {Now}\n{metric},text={text} value=2 {Now}");
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Contains("line 2: the line has", body, StringComparison.Ordinal);
        Assert.Contains("\"1\"", await FoundAsync(metric), StringComparison.Ordinal);
    }

    private static string Seconds(long unixMilliseconds) => $"{unixMilliseconds / 1000}.{unixMilliseconds % 1000:000}";

    private Sample Of(long unixMilliseconds, double value) => new(LabelSet.Of(metric), unixMilliseconds, value);

    private async Task<HttpStatusCode> RemoteWriteAsync(params Sample[] samples) => (await rig.RemoteWriteAsync(samples)).Status;

    private Task<(HttpStatusCode Status, string Body)> WriteLinesAsync(string lines) => rig.WriteAsync("/write?precision=ms", lines);

    private async Task<string> FoundAsync(string name, long? at = null) => (await rig.GetAsync($"/api/v1/query?query={name}&time={Seconds(at ?? Now)}")).Body;

    private async Task<(HttpStatusCode Status, string Body)> PostAsync(string path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        using var response = await rig.Client.PostAsync(new Uri(path, UriKind.Relative), content);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
