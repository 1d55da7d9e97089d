using NetPulse.Benchmarks.Detection.Data;
using NetPulse.Benchmarks.Detection.Measures;

namespace NetPulse.Benchmarks.Detection.Tests;

public sealed class PrecisionRecallTests
{
    private static readonly PointSpan[] Event = [new(100, 109)];

    [Fact]
    public void A_perfect_score_has_the_area_one()
    {
        var scores = Enumerable.Range(100, 10).Select(i => (i, 1f)).ToArray();
        Assert.Equal(1, PrecisionRecall.AreaUnderCurve([Examples.Scored(2500, Event, scores)]), 9);
    }

    [Fact]
    public void A_constant_score_has_the_share_of_the_events() =>
        Assert.Equal(10 / 2500.0, PrecisionRecall.AreaUnderCurve([Examples.Scored(2500, Event)]), 9);

    [Fact]
    public void Half_of_the_points_first_and_the_rest_last_have_half_and_a_little()
    {
        // Five points at precision 1; the other five come with everything else, at 10/2500.
        var scores = Enumerable.Range(100, 5).Select(i => (i, 1f)).ToArray();
        Assert.Equal(0.5 + (0.5 * 10 / 2500), PrecisionRecall.AreaUnderCurve([Examples.Scored(2500, Event, scores)]), 3);
    }

    [Fact]
    public void A_detection_just_before_the_event_counts_in_the_volume_but_not_in_the_area()
    {
        var scores = Enumerable.Range(90, 10).Select(i => (i, 1f)).ToArray();
        var early = Examples.Scored(2500, Event, scores);
        Assert.True(PrecisionRecall.AreaUnderCurve([early]) < 0.01);
        Assert.True(PrecisionRecall.VolumeUnderSurface([early]) > 0.1);
    }

    [Fact]
    public void A_series_without_events_is_not_counted() => Assert.True(double.IsNaN(PrecisionRecall.AreaUnderCurve([Examples.Scored(2500, [], (5, 1))])));
}
