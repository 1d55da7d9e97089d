using NetPulse.Collector.Kernel;

namespace NetPulse.Collector.Tests.Kernel;

public sealed class JiffyClockTests
{
    [Theory]
    [InlineData(100, 10)]
    [InlineData(250, 26)]
    [InlineData(300, 29)]
    [InlineData(1000, 101)]
    public void A_tenth_of_a_second_shows_the_frequency_even_when_a_jiffy_is_off(double expected, ulong jiffies)
    {
        var clock = new JiffyClock();
        clock.Observe(new ClockRecord(5_000, 7_000_000_000));
        clock.Observe(new ClockRecord(5_000 + jiffies, 7_100_000_000));
        Assert.Equal(expected, clock.JiffiesPerSecond);
    }

    [Fact]
    public void Records_close_together_tell_nothing()
    {
        var clock = new JiffyClock();
        clock.Observe(new ClockRecord(5_000, 7_000_000_000));
        clock.Observe(new ClockRecord(5_001, 7_099_000_000));
        Assert.Null(clock.JiffiesPerSecond);
    }
}
