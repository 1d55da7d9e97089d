using NetPulse.Optimizer.Verify;

namespace NetPulse.Optimizer.Tests.Verify;

public sealed class SequentialTestTests
{
    private const int Runs = 1000;

    /// <summary>Twice the standard error of a rate of 5 % in <see cref="Runs"/> runs.</summary>
    private const double Tolerance = 0.014;

    [Theory]
    [InlineData(6, 0)]
    [InlineData(6, 0.3)]
    [InlineData(10, 0)]
    [InlineData(10, 0.3)]
    [InlineData(10, 0.6)]
    [InlineData(20, 0.6)]
    public void Without_an_effect_hardly_any_of_forty_looks_ever_finds_one(int before, double autocorrelation) =>
        Assert.InRange(Rate(before, autocorrelation, 0.2, static (low, high) => low > 1 || high < 1), 0, SequentialTest.FalsePositiveRate + Tolerance);

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    public void Hardly_any_change_is_kept_for_nothing_even_where_readings_resemble_each_other_much(double deviation) =>
        Assert.InRange(Rate(10, 0.8, deviation, static (low, _) => low >= 1.1), 0, SequentialTest.FalsePositiveRate + Tolerance);

    [Fact]
    public void A_clear_gain_is_found_within_a_few_readings()
    {
        var random = new Random(3);
        var found = Enumerable.Range(0, 200).Count(_ => SequentialTest.Compare(Readings(random, 10, 0.3, 0.1, 0), Readings(random, 5, 0.3, 0.1, Math.Log(2.5))) is { Low: >= 1.1 });
        Assert.InRange(found, 150, 200);
    }

    [Theory]
    [InlineData(5, 0.3)]
    [InlineData(8, 0.6)]
    public void A_fourfold_gain_is_found_with_few_readings_of_the_trouble(int before, double autocorrelation)
    {
        var random = new Random(5);
        var found = Enumerable.Range(0, 200).Count(_ =>
        {
            var all = Readings(random, before + 30, autocorrelation, 0.3, 0);
            var after = all[before..].ConvertAll(static value => value + Math.Log(4));
            return Enumerable.Range(4, after.Count - 3).Any(look => SequentialTest.Compare(all[..before], after[..look]) is { Low: >= 1.1 });
        });
        Assert.InRange(found, 160, 200);
    }

    [Fact]
    public void The_interval_holds_the_true_ratio()
    {
        var random = new Random(4);
        var missed = Enumerable.Range(0, 500).Count(_ =>
            SequentialTest.Compare(Readings(random, 12, 0.3, 0.1, 0), Readings(random, 20, 0.3, 0.1, Math.Log(1.5))) is { } effect && (effect.Low > 1.5 || effect.High < 1.5));
        Assert.InRange(missed, 0, 30);
    }

    [Fact]
    public void Readings_that_scatter_more_afterwards_prove_less()
    {
        double[] before = [0.01, -0.01, 0.02, -0.02, 0.01, -0.01];
        Assert.True(SequentialTest.Compare(before, [0.4, 0.41, 0.39, 0.4])!.Low > 1.1);
        Assert.True(SequentialTest.Compare(before, [1.2, -0.4, 1.1, -0.3])!.Low < 1.1);
    }

    [Fact]
    public void Too_few_readings_have_no_answer()
    {
        Assert.Null(SequentialTest.Compare([1, 2], [3, 4, 5]));
        Assert.Null(SequentialTest.Compare([1, 2, 3], []));
    }

    [Fact]
    public void Equal_readings_prove_nothing_but_that_they_are_equal()
    {
        var effect = SequentialTest.Compare([0, 0, 0, 0], [0, 0, 0, 0])!;
        Assert.Equal(1, effect.Ratio);
        Assert.InRange(1, effect.Low, effect.High);
        Assert.Equal(1, effect.PValue);
    }

    /// <summary>Share of the runs without effect in which any of forty looks finds one.</summary>
    private static double Rate(int before, double autocorrelation, double deviation, Func<double, double, bool> isFound)
    {
        var random = new Random(before + (int)(autocorrelation * 100));
        var found = 0;
        for (var run = 0; run < Runs; run++)
        {
            var all = Readings(random, before + 40, autocorrelation, deviation, 0);
            var (past, after) = (all[..before], all[before..]);
            found += Enumerable.Range(1, after.Count).Any(look => SequentialTest.Compare(past, after[..look]) is { } effect && isFound(effect.Low, effect.High)) ? 1 : 0;
        }

        return found / (double)Runs;
    }

    /// <summary>A first-order autoregressive series of logarithms.</summary>
    private static List<double> Readings(Random random, int count, double autocorrelation, double deviation, double level)
    {
        var readings = new List<double>(count);
        var value = deviation * Normal(random);
        for (var i = 0; i < count; i++)
        {
            readings.Add(level + value);
            value = (autocorrelation * value) + (deviation * Math.Sqrt(1 - (autocorrelation * autocorrelation)) * Normal(random));
        }

        return readings;
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
