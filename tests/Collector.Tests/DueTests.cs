namespace NetPulse.Collector.Tests;

public sealed class DueTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0, false)]
    [InlineData(29, false)]
    [InlineData(30, true)]
    [InlineData(3600, true)]
    [InlineData(-1, true)]
    [InlineData(-3600, true)]
    public void What_was_done_is_due_after_its_period_or_when_the_clock_is_set_back(int secondsLater, bool isDue) =>
        Assert.Equal(isDue, Due.After(TimeSpan.FromSeconds(30), Now).IsAt(Now.AddSeconds(secondsLater)));

    [Fact]
    public void What_was_never_done_is_due() => Assert.True(default(Due).IsAt(Now));
}
