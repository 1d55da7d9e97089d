using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Tests.Objects;

public sealed class DurationTests
{
    [Theory]
    [InlineData("90s", 90)]
    [InlineData("10m", 600)]
    [InlineData("1h30m", 5400)]
    [InlineData("250ms", 0.25)]
    [InlineData("1.5h", 5400)]
    [InlineData("2d", 172_800)]
    [InlineData("0s", 0)]
    [InlineData("00:01:30", 90)]
    public void A_duration_is_read_as_Kubernetes_writes_it(string text, double seconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("10 s")]
    [InlineData("s")]
    [InlineData("-5s")]
    [InlineData("1y")]
    [InlineData("10s or so")]
    [InlineData("999999999d")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(Duration.TryParse(text, out _));

    [Fact]
    public void Every_duration_is_read_back_as_it_was_written()
    {
        var random = new Random(1);
        foreach (var ticks in Enumerable.Range(0, 1000).Select(i => i < 20 ? i : random.NextInt64(1L << random.Next(1, 58))))
        {
            var text = Duration.Format(TimeSpan.FromTicks(ticks));
            Assert.True(Duration.TryParse(text, out var back), text);
            Assert.Equal(ticks, back.Ticks);
        }
    }

    [Fact]
    public void A_negative_duration_is_not_written() => Assert.Throws<ArgumentOutOfRangeException>(() => Duration.Format(TimeSpan.FromSeconds(-1)));
}
