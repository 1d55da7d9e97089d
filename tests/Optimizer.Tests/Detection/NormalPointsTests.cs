using NetPulse.Optimizer.Detection;

namespace NetPulse.Optimizer.Tests.Detection;

public sealed class NormalPointsTests
{
    [Fact]
    public void Quantiles_and_deviation_are_those_of_the_latest_points_sorted_anew()
    {
        var random = new Random(5);
        var all = new List<double>();
        var points = new NormalPoints(50);
        for (var i = 0; i < 500; i++)
        {
            all.Add(i % 7 == 0 ? Math.Round(random.NextDouble() * 3) : random.NextDouble() * 10);
            points.Add(all[^1]);

            var latest = all.TakeLast(50).Order().ToArray();
            var median = latest.Length % 2 == 1 ? latest[latest.Length / 2] : (latest[(latest.Length / 2) - 1] + latest[latest.Length / 2]) / 2;
            var distances = latest.Select(value => Math.Abs(value - median)).Order().ToArray();
            Assert.Equal(latest.Length, points.Count);
            Assert.Equal(median, points.Median, 12);
            Assert.Equal(latest[0], points.Quantile(0));
            Assert.Equal(latest[^1], points.Quantile(1));
            Assert.Equal(distances[distances.Length / 2], points.MedianAbsoluteDeviation(), 12);
        }
    }

    [Fact]
    public void A_single_point_has_no_deviation()
    {
        var points = new NormalPoints(10);
        points.Add(4);
        Assert.Equal(4, points.Median);
        Assert.Equal(0, points.MedianAbsoluteDeviation());
    }
}
