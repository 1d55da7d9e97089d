using NetPulse.Optimizer.Detection.Forecasts;

namespace NetPulse.Optimizer.Tests.Detection.Forecasts;

public sealed class TheilSenTests
{
    [Fact]
    public void A_line_with_noise_and_outliers_has_its_slope_within_the_interval()
    {
        var random = new Random(3);
        var trend = Fit(i => (i % 29 == 3 ? 1e6 : 1000) + (2.0 * i) + (20 * random.NextDouble()));
        Assert.NotNull(trend);
        Assert.InRange(2.0 / 60, trend.Slowest, trend.Fastest);
        Assert.InRange(trend.PerSecond * 60, 1.9, 2.1);
        Assert.InRange(trend.Now, 1670, 1750);
    }

    [Fact]
    public void Noise_has_no_significant_slope()
    {
        var significant = 0;
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var trend = Fit(_ => random.NextDouble());
            significant += trend!.Slowest > 0 || trend.Fastest < 0 ? 1 : 0;
        }

        Assert.InRange(significant, 0, 8);
    }

    [Fact]
    public void A_constant_has_the_slope_zero() => Assert.Equal(new Trend(0, 0, 0, 5), Fit(_ => 5));

    [Fact]
    public void Nothing_a_point_and_what_is_missing_have_no_trend()
    {
        Assert.Null(TheilSen.Fit([], []));
        Assert.Null(TheilSen.Fit([1], [1]));
        Assert.Null(TheilSen.Fit([1, 1], [1, 2]));
        Assert.Null(Fit(_ => double.NaN));
        Assert.Null(Fit(i => i < 350 ? double.PositiveInfinity : i));
    }

    /// <summary>Six hours, a minute a point.</summary>
    private static Trend? Fit(Func<int, double> value) =>
        TheilSen.Fit([.. Enumerable.Range(0, 360).Select(i => i * 60_000L)], [.. Enumerable.Range(0, 360).Select(value)]);
}
