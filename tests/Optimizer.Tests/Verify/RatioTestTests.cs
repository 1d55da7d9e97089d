using NetPulse.Optimizer.Verify;

namespace NetPulse.Optimizer.Tests.Verify;

public sealed class RatioTestTests
{
    [Fact]
    public void A_ratio_comes_with_an_interval_that_holds_it()
    {
        var effect = RatioTest.Compare(Logs(6.3, 6.2, 6.4, 6.3), Logs(47.5, 47.3, 47.6, 47.5, 47.4, 47.5));
        Assert.NotNull(effect);
        Assert.Equal(7.54, effect.Ratio, 1);
        Assert.InRange(effect.Low, 7.2, 7.54);
        Assert.InRange(effect.High, 7.5, 7.9);
        Assert.True(effect.PValue < 0.001);
    }

    [Fact]
    public void Noise_has_an_interval_around_one_in_nineteen_of_twenty_cases()
    {
        var random = new Random(11);
        var outside = 0;
        for (var i = 0; i < 1000; i++)
        {
            var effect = RatioTest.Compare(Noise(random, 8), Noise(random, 15))!;
            outside += effect.Low > 1 || effect.High < 1 ? 1 : 0;
        }

        Assert.InRange(outside, 10, 80);
    }

    [Fact]
    public void Readings_that_resemble_their_neighbours_prove_less()
    {
        var rising = Enumerable.Range(0, 20).Select(i => i * 0.01).ToList();
        var mixed = rising.OrderBy(value => value * 7919 % 1).ToList();
        var after = Enumerable.Repeat(0.2, 10).ToList();
        var (ofRising, ofMixed) = (RatioTest.Compare(rising, after)!, RatioTest.Compare(mixed, after)!);
        Assert.Equal(ofMixed.Ratio, ofRising.Ratio, 9);
        Assert.True(ofRising.High / ofRising.Low > ofMixed.High / ofMixed.Low);
    }

    [Fact]
    public void Two_readings_have_no_answer() => Assert.Null(RatioTest.Compare(Logs(1, 1), Logs(2, 2, 2)));

    [Fact]
    public void Equal_readings_are_not_taken_as_exact()
    {
        var effect = RatioTest.Compare(Logs(5, 5, 5), Logs(5, 5, 5))!;
        Assert.Equal(1, effect.Ratio, 9);
        Assert.True(effect is { Low: < 1, High: > 1, PValue: > 0.9 });
    }

    private static List<double> Logs(params double[] values) => [.. values.Select(value => Math.Log(value))];

    private static List<double> Noise(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => 0.1 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))];
}
