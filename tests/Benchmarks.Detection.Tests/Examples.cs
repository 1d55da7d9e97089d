using NetPulse.Benchmarks.Detection.Data;
using NetPulse.Benchmarks.Detection.Measures;
using NetPulse.Optimizer.Detection.Preparation;

namespace NetPulse.Benchmarks.Detection.Tests;

internal static class Examples
{
    /// <summary>A point a minute, with scores only where they are given.</summary>
    public static ScoredSeries Scored(int points, PointSpan[] events, params (int At, float Score)[] scores) => Scored(points, events, [], scores);

    public static ScoredSeries Scored(int points, PointSpan[] events, BenignSpan[] benign, params (int At, float Score)[] scores)
    {
        var all = new float[points];
        foreach (var (at, score) in scores)
        {
            all[at] = score;
        }

        var times = Enumerable.Range(0, points).Select(i => 60L * i).ToArray();
        return new ScoredSeries(new LabelledSeries("example", SignalKind.Level, times, new double[points], events, benign), all, all);
    }
}
