using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Tests.Series;

public sealed class CounterRateTests
{
    private static readonly TimeSpan LongestGap = TimeSpan.FromSeconds(3);

    [Fact]
    public void A_rate_stands_at_the_later_reading()
    {
        var rates = CounterRate.Of(Counter((0, 100), (1000, 300), (3000, 500)), LongestGap);
        Assert.Equal([1000L, 3000L], rates.UnixMilliseconds.ToArray());
        Assert.Equal([200.0, 100.0], rates.Values.ToArray());
    }

    [Fact]
    public void A_counter_that_went_backwards_has_no_rate()
    {
        var rates = CounterRate.Of(Counter((0, 100), (1000, 50), (2000, 60)), LongestGap);
        Assert.Equal([10.0], rates.Values.ToArray());
    }

    [Fact]
    public void A_gap_is_missing_and_not_zero() => Assert.Equal(0, CounterRate.Of(Counter((0, 100), (4000, 100)), LongestGap).Count);

    [Fact]
    public void One_reading_has_no_rate() => Assert.Equal(0, CounterRate.Of(Counter((0, 100)), LongestGap).Count);

    [Fact]
    public void An_increase_counts_a_restart_from_zero() => Assert.Equal(60, CounterRate.Increase(Counter((0, 100), (1000, 150), (2000, 10))));

    private static TimeSeries Counter(params (long At, double Value)[] points) =>
        new(LabelSet.Of("c"), points.Select(p => p.At).ToArray(), points.Select(p => p.Value).ToArray());
}
