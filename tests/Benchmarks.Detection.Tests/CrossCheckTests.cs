using NetPulse.Benchmarks.Detection.Data;
using NetPulse.Benchmarks.Detection.Measures;

namespace NetPulse.Benchmarks.Detection.Tests;

public sealed class CrossCheckTests
{
    [Fact]
    public void Where_every_series_is_the_same_a_half_is_worth_the_whole()
    {
        var scored = Enumerable.Range(0, 4).Select(_ => Examples.Scored(1440, [new PointSpan(700, 720)], (100, 0.5f), (701, 1f))).ToList();
        var checks = CrossCheck.Events(scored, 0.5).ToList();
        Assert.Equal(("recall at 0.5", 1.0, 0.0), (checks[0].Measure, checks[0].Mean, checks[0].Deviation));
        Assert.Equal(0, checks[1].Mean);
        var nab = CrossCheck.Nab(scored, NabProfile.Standard);
        Assert.Equal(NabScore.Of(scored, NabProfile.Standard).Score, nab.Mean, 1e-9);
    }

    [Fact]
    public void A_threshold_that_holds_on_one_half_only_shows()
    {
        List<ScoredSeries> scored = [Examples.Scored(1440, [new PointSpan(700, 720)], (701, 0.3f)), Examples.Scored(1440, [new PointSpan(700, 720)], (701, 0.2f), (300, 0.5f))];
        var recall = CrossCheck.Events(scored, 0.1).First();
        Assert.InRange(recall.Mean, 0.01, 0.99);
        Assert.True(recall.Deviation > 0);
    }

    [Fact]
    public void One_series_has_no_halves() => Assert.Equal(0, CrossCheck.Nab([Examples.Scored(10, [])], NabProfile.Standard).Splits);
}
