using NetPulse.Benchmarks.Detection.Data;
using NetPulse.Benchmarks.Detection.Measures;

namespace NetPulse.Benchmarks.Detection.Tests;

public sealed class NabScoreTests
{
    /// <summary>1,000 points, so the first 150 are not scored; a window of 100.</summary>
    private static readonly PointSpan[] Window = [new(500, 599)];

    [Fact]
    public void The_first_point_of_every_window_is_perfect() =>
        Assert.Equal(100, NabScore.Of([Examples.Scored(1000, Window, (500, 1))], NabProfile.Standard).Score, 9);

    [Fact]
    public void Silence_is_zero() => Assert.Equal(0, NabScore.Of([Examples.Scored(1000, Window)], NabProfile.Standard).Score);

    [Fact]
    public void In_the_middle_of_a_window_the_earliest_point_counts_by_the_sigmoid()
    {
        // y = -(599 - 550 + 1)/100 = -0.5; (2/(1 + e^-2.5) - 1) / (2/(1 + e^-5) - 1) = 0.848284 / 0.986614
        var result = NabScore.Of([Examples.Scored(1000, Window, (550, 1), (580, 1))], NabProfile.Standard);
        Assert.Equal(100 * (1 + (0.848284 / 0.986614)) / 2, result.Score, 3);
        Assert.Equal(1, result.Found);
    }

    [Fact]
    public void A_false_point_before_every_window_costs_the_whole_weight()
    {
        var files = new[] { Examples.Scored(1000, Window, (200, 1), (500, 1)) };
        Assert.Equal(100 * (2 - 0.11) / 2, NabScore.Of(files, NabProfile.Standard).Score, 9);
        Assert.Equal(100 * (2 - 0.22) / 2, NabScore.Of(files, NabProfile.LowFalsePositives).Score, 9);
        Assert.Equal(100 * (3 - 0.11) / 3, NabScore.Of(files, NabProfile.LowFalseNegatives).Score, 9);
    }

    [Fact]
    public void A_false_point_soon_after_a_window_costs_less()
    {
        // y = (619 - 599)/(100 - 1) = 0.20202; 2/(1 + e^1.0101) - 1 = -0.46605
        var result = NabScore.Of([Examples.Scored(1000, Window, (500, 1), (619, 1))], NabProfile.Standard);
        Assert.Equal(100 * (2 - (0.11 * 0.46605)) / 2, result.Score, 3);
        Assert.Equal(1, result.FalsePoints);
    }

    [Fact]
    public void A_false_point_beyond_three_windows_costs_the_whole_weight() =>
        Assert.Equal(100 * (2 - 0.11) / 2, NabScore.Of([Examples.Scored(1000, Window, (500, 1), (900, 1))], NabProfile.Standard).Score, 9);

    [Fact]
    public void Points_at_the_start_of_a_file_are_not_scored() =>
        Assert.Equal(100, NabScore.Of([Examples.Scored(1000, Window, (149, 1), (500, 1))], NabProfile.Standard).Score, 9);

    [Fact]
    public void At_most_750_points_are_not_scored() => Assert.Equal(750, NabScore.Probation(100_000));

    [Fact]
    public void The_best_threshold_is_found_and_points_of_one_score_fire_together()
    {
        var result = NabScore.Of([Examples.Scored(1000, Window, (200, 0.5f), (500, 0.8f)), Examples.Scored(1000, [], (400, 0.5f), (600, 0.5f))], NabProfile.Standard);
        Assert.Equal(0.8f, result.Threshold, 6);
        Assert.Equal(100, result.Score, 9);
    }

    [Fact]
    public void A_frozen_threshold_is_not_swept()
    {
        var files = new[] { Examples.Scored(1000, Window, (200, 0.5f), (500, 0.8f)) };
        Assert.Equal(100 * (2 - 0.11) / 2, NabScore.Of(files, NabProfile.Standard, frozen: 0.4).Score, 9);
        Assert.Equal(0, NabScore.Of(files, NabProfile.Standard, frozen: 0.9).Score);
    }

    [Fact]
    public void A_missed_window_costs_double_where_misses_count_more()
    {
        var files = new[] { Examples.Scored(1000, [new(300, 399), new(500, 599)], (500, 1)) };
        Assert.Equal(50, NabScore.Of(files, NabProfile.Standard).Score, 9);
        Assert.Equal(50, NabScore.Of(files, NabProfile.LowFalseNegatives).Score, 9);
    }
}
