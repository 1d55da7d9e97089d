using System.Runtime.Intrinsics;
using NetPulse.Optimizer.Detection.Detectors;

namespace NetPulse.Optimizer.Tests.Detection;

public sealed class HourOfWeekTests
{
    private const int FiveMinutes = 300_000;
    private const int PointsPerWeek = 7 * 24 * 12;

    [Fact]
    public void A_profile_that_rises_through_an_hour_leaves_no_steps()
    {
        var residuals = Residuals(3, i => i % 288 < 144 ? i % 288 : 288 - (i % 288));
        // Each value rises by one, an hour by twelve: with flat hours the mean error is three.
        Assert.InRange(residuals[(2 * PointsPerWeek)..].Average(Math.Abs), 0, 1);
    }

    [Fact]
    public void An_hour_that_was_never_seen_has_no_answer()
    {
        var residuals = Residuals(2, _ => 5);
        Assert.All(residuals[..PointsPerWeek].Where((_, i) => i % 12 == 0), residual => Assert.Equal(float.NaN, residual));
        Assert.All(residuals[PointsPerWeek..], residual => Assert.Equal(0, residual, 1e-5));
    }

    [Theory]
    [InlineData(0, 0, 167, 0.5)]
    [InlineData(1_800_000, 0, 1, 0)]
    [InlineData(3_599_999, 0, 1, 0.5)]
    [InlineData(604_799_999, 167, 0, 0.5)]
    [InlineData(604_800_000, 0, 167, 0.5)]
    [InlineData(-5, 0, 167, 0.5)]
    public void A_time_lies_between_the_middles_of_two_hours(long unixMilliseconds, int hour, int nearest, double share)
    {
        var time = TimeOfWeek.At(unixMilliseconds);
        Assert.Equal((hour, nearest), (time.Hour, time.NearestHour));
        Assert.Equal(share, time.ShareOfNearest, 1e-5);
    }

    /// <summary>NaN where there was no answer.</summary>
    private static float[] Residuals(int weeks, Func<int, float> value)
    {
        var profile = new HourOfWeek(1);
        return [.. Enumerable.Range(0, weeks * PointsPerWeek).Select(i =>
        {
            var known = profile.Observe(0, TimeOfWeek.At((long)i * FiveMinutes), Vector256.Create(value(i)), Vector256<float>.AllBitsSet, out var residuals);
            return known[0].Equals(0) ? float.NaN : residuals[0];
        })];
    }
}
