using NetPulse.Optimizer.Detection.Preparation;

namespace NetPulse.Optimizer.Tests.Detection;

public sealed class CounterRatesTests
{
    [Fact]
    public void A_restart_and_a_missed_reading_are_missing_and_not_zero() =>
        Assert.Equal(
            [double.NaN, 2, double.NaN, 1, double.NaN, 3],
            CounterRates.PerSecond([0, 10, 20, 30, 40, 50], [100, 120, double.NaN, 140, 5, 35]));

    [Fact]
    public void Irregular_times_have_the_rate_of_their_own_distance() =>
        Assert.Equal([double.NaN, 1, 1], CounterRates.PerSecond([0, 7, 60], [0, 7, 60]));

    [Fact]
    public void A_reading_at_the_same_or_an_earlier_time_has_no_rate() =>
        Assert.Equal([double.NaN, double.NaN, double.NaN], CounterRates.PerSecond([10, 10, 5], [1, 2, 3]));
}
