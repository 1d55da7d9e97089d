using System.Text;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Influx;
using NetPulse.Tests;

namespace NetPulse.Telemetry.Tests.Store.Influx;

public sealed class LineProtocolTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeMilliseconds(1_700_000_000_123);

    [Fact]
    public void A_field_is_a_series_named_after_measurement_and_field_and_tags_are_labels() => Assert.Equal(
        [new Sample(LabelSet.Of("cpu_idle", ("host", "a"), ("zone", "z")), 1_700_000_000_000, 1.5), new Sample(LabelSet.Of("cpu_user", ("host", "a"), ("zone", "z")), 1_700_000_000_000, 2)],
        Good("cpu,zone=z,host=a idle=1.5,user=2i 1700000000000000000"));

    [Fact]
    public void A_field_named_value_leaves_the_name_to_the_measurement() => Assert.Equal([new Sample(LabelSet.Of("up"), 5, 1)], Good("up value=1 5000000"));

    [Theory]
    [InlineData("1", 1)]
    [InlineData("-1.5e3", -1500)]
    [InlineData("9223372036854775807i", 9223372036854775807.0)]
    [InlineData("-3i", -3)]
    [InlineData("18446744073709551615u", 18446744073709551615.0)]
    [InlineData("t", 1)]
    [InlineData("TRUE", 1)]
    [InlineData("F", 0)]
    [InlineData("false", 0)]
    public void Values_of_every_numeric_kind_are_read(string text, double value) => Assert.Equal(value, Assert.Single(Good($"m value={text} 1")).Value);

    [Fact]
    public void Texts_are_dropped_and_counted()
    {
        var batch = Decode("m a=\"x, y = \\\"z\\\"\",b=2,c=\"two\nlines\" 1000000\nn value=1 2000000");
        Assert.Equal(2, batch.TextsDropped);
        Assert.Equal(["m_b", "n"], batch.Samples.Select(sample => sample.Labels.Name));
        Assert.Empty(batch.Refused);
    }

    [Fact]
    public void Escapes_are_taken_off() => Assert.Equal(
        LabelSet.Of("a_b_c", ("t_1", "x,y=z w\\q")),
        Assert.Single(Good("a\\ b,t\\ 1=x\\,y\\=z\\ w\\q c=1 1")).Labels);

    [Theory]
    [InlineData("ns", 1_500_000_000_000_000_000, 1_500_000_000_000)]
    [InlineData("u", 1_500_000_000_000_000, 1_500_000_000_000)]
    [InlineData("us", 1_500_000_000_000_000, 1_500_000_000_000)]
    [InlineData("ms", 1_500_000_000_000, 1_500_000_000_000)]
    [InlineData("s", 1_500_000_000, 1_500_000_000_000)]
    [InlineData("m", 25_000_000, 1_500_000_000_000)]
    [InlineData("h", 400_000, 1_440_000_000_000)]
    public void Times_count_in_the_named_unit(string precision, long number, long milliseconds) =>
        Assert.Equal(milliseconds, Assert.Single(LineProtocolDecoder.Decode(Encoding.UTF8.GetBytes($"m value=1 {number}"), TimeUnits.Parse(precision), Now, LineProtocolLimits.Default).Samples).UnixMilliseconds);

    [Fact]
    public void A_line_without_a_time_has_the_time_of_its_arrival() => Assert.Equal(Now.ToUnixTimeMilliseconds(), Assert.Single(Good("m value=1")).UnixMilliseconds);

    [Fact]
    public void Comments_empty_lines_and_carriage_returns_are_no_lines()
    {
        var batch = Decode("# a comment \"\r\n\r\nm value=1 1\r\n   \nn value=2 1");
        Assert.Equal((2, 2, 0), (batch.Lines, batch.Samples.Count, batch.Refused.Count));
    }

    [Theory]
    [InlineData("m", "missing fields")]
    [InlineData(",a=b value=1", "missing measurement")]
    [InlineData("m,a value=1", "missing tag value")]
    [InlineData("m,a= value=1", "missing tag value")]
    [InlineData("m,=b value=1", "missing tag key")]
    [InlineData("m,a=b=c value=1", "invalid tag format")]
    [InlineData("m,a=b,a=c value=1", "stands twice")]
    [InlineData("m,__name__=b value=1", "__name__")]
    [InlineData("m value", "without a name or a value")]
    [InlineData("m =1", "without a name or a value")]
    [InlineData("m value=", "missing field value")]
    [InlineData("m value=1,", "a comma without a field")]
    [InlineData("m value=abc", "invalid number")]
    [InlineData("m value=NaN", "invalid number")]
    [InlineData("m value=1e999", "invalid number")]
    [InlineData("m value=99999999999999999999i", "invalid number")]
    [InlineData("m value=-1u", "invalid number")]
    [InlineData("m value=true1", "invalid boolean")]
    [InlineData("m value=\"open", "unbalanced quotes")]
    [InlineData("m value=1 x", "bad timestamp")]
    [InlineData("m value=1 1 1", "bad timestamp")]
    [InlineData("m value=1 -1000000", "no date")]
    public void A_bad_line_is_named_and_its_neighbours_are_kept(string line, string reason)
    {
        var batch = Decode($"before value=1 1\n\n{line}\nafter value=1 1\n");
        var refused = Assert.Single(batch.Refused);
        Assert.Equal(3, refused.Number);
        Assert.Contains(reason, refused.Reason, StringComparison.Ordinal);
        Assert.Equal(["before", "after"], batch.Samples.Select(sample => sample.Labels.Name));
    }

    [Fact]
    public void Invalid_utf8_is_refused_by_itself()
    {
        byte[] request = [.. "a,t="u8, 0xff, .. " value=1 1\nb value=1 1"u8];
        var batch = LineProtocolDecoder.Decode(request, TimeUnit.Nanoseconds, Now, LineProtocolLimits.Default);
        Assert.Equal("invalid UTF-8", Assert.Single(batch.Refused).Reason);
        Assert.Single(batch.Samples);
    }

    [Fact]
    public void A_line_of_10_MB_is_refused_by_itself()
    {
        var batch = Decode($"a value=1 1\nb,t={new string('x', 10 << 20)} value=1 1\nc value=1 1");
        Assert.Equal(2, Assert.Single(batch.Refused).Number);
        Assert.Contains("65536 are allowed", batch.Refused[0].Reason, StringComparison.Ordinal);
        Assert.Equal(2, batch.Samples.Count);
    }

    [Fact]
    public void What_is_encoded_is_decoded()
    {
        var samples = new[]
        {
            new Sample(LabelSet.Of("m", ("a", "x,y=z w\"q\" Grüße"), ("b", "back\\slash")), 1, 0.1),
            new Sample(LabelSet.Of("n:rate"), 2, -1e-300),
            new Sample(LabelSet.Of("n:rate"), 3, double.MaxValue),
        };
        var lines = LineProtocolEncoder.Encode([.. samples, new Sample(LabelSet.Of("n"), 4, double.NaN), new Sample(LabelSet.Of("n", ("a", "x\\")), 4, 1)], out var leftOut);
        Assert.Equal(2, leftOut);
        Assert.Equal(samples, LineProtocolDecoder.Decode(lines, TimeUnit.Milliseconds, Now, LineProtocolLimits.Default).Samples);
    }

    [Fact]
    public void Whatever_the_bytes_lines_are_kept_or_named()
    {
        var good = Encoding.UTF8.GetBytes("cpu,host=a\\ b,zone=z idle=1.5,user=2i,text=\"a \\\" b\",up=t 1700000000000000000\n# comment\nm value=1\n");
        var kept = 0;
        foreach (var seed in Fuzzing.Rounds(20_000))
        {
            var random = new Random(seed);
            var bytes = good[..(random.Next(4) == 0 ? random.Next(good.Length) : good.Length)];
            for (var i = random.Next(1, 5); i > 0 && bytes.Length > 0; i--)
            {
                bytes[random.Next(bytes.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : "\\\"=, \ni"u8[random.Next(7)];
            }

            var batch = LineProtocolDecoder.Decode(bytes, TimeUnit.Nanoseconds, Now, LineProtocolLimits.Default);
            Assert.InRange(batch.Refused.Count, 0, batch.Lines);
            kept += batch.Samples.Count;
        }

        Assert.True(kept > 0);
    }

    private static IReadOnlyList<Sample> Good(string lines)
    {
        var batch = Decode(lines);
        Assert.Empty(batch.Refused);
        return batch.Samples;
    }

    private static LineProtocolBatch Decode(string lines) => LineProtocolDecoder.Decode(Encoding.UTF8.GetBytes(lines), TimeUnit.Nanoseconds, Now, LineProtocolLimits.Default);
}
