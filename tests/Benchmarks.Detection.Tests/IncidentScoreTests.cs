using NetPulse.Benchmarks.Detection.Data;
using NetPulse.Benchmarks.Detection.Measures;
using NetPulse.Optimizer.Detection.Preparation;

namespace NetPulse.Benchmarks.Detection.Tests;

public sealed class IncidentScoreTests
{
    [Fact]
    public void One_trouble_on_two_nodes_joined_as_one_is_right_in_every_pair()
    {
        var result = IncidentScore.Of([Series("a", 10), Series("a", 11), Series("b", 12)], 0.02);
        Assert.Equal((3, 1, 3, 3, 3), (result.Alerts, result.Incidents, result.JoinedPairs, result.TruePairs, result.CorrectPairs));
        Assert.Equal((1, 1, 1), (result.Precision, result.Recall, result.AcrossNodes));
    }

    [Fact]
    public void A_false_alarm_that_is_joined_costs_precision_and_an_alert_that_is_not_costs_recall()
    {
        var wrong = IncidentScore.Of([Series("a", 10), Series("b", 30)], 0.02);
        Assert.Equal((2, 2, 0, 1), (wrong.Alerts, wrong.Incidents, wrong.JoinedPairs, wrong.TruePairs));
        Assert.Equal(0, wrong.Recall);
        Assert.Equal(0, IncidentScore.Of([Series("a", 10), Series("a", 8)], 0.02).Precision);
    }

    [Fact]
    public void A_series_that_alerts_again_within_half_an_hour_is_one_alert() =>
        Assert.Equal(1, IncidentScore.Of([Series("a", 10, 20, 35)], 0.02).Alerts);

    /// <summary>A minute a point; the trouble is at points 10 to 40.</summary>
    private static ScoredSeries Series(string node, params int[] alerts) => new(
        new LabelledSeries($"{node}_rtt_ms.csv", SignalKind.Latency, [.. Enumerable.Range(0, 60).Select(i => i * 60L)], new double[60], [new PointSpan(10, 40)], []) { Node = node, Troubles = ["incident 0"] },
        new float[60],
        new float[60])
    {
        Alerts = [.. Enumerable.Range(0, 60).Select(i => alerts.Contains(i))],
    };
}
