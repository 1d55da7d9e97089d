using NetPulse.Benchmarks.Detection.Data;
using NetPulse.Benchmarks.Detection.Measures;
using NetPulse.Optimizer.Detection.Detectors;

namespace NetPulse.Benchmarks.Detection;

/// <summary>Our own detectors over one series, point by point.</summary>
internal static class Pipeline
{
    public static ScoredSeries Run(LabelledSeries series)
    {
        var bank = new SeriesBank(series.Kind, 1);
        var announced = new bool[series.Values.Length];
        foreach (var span in series.Benign.Where(span => span.Announced))
        {
            announced.AsSpan(span.Points.First, span.Points.Count).Fill(true);
        }

        var raw = new float[series.Values.Length];
        var gated = new float[series.Values.Length];
        var alerts = new bool[series.Values.Length];
        Span<float> value = stackalloc float[1];
        for (var i = 0; i < raw.Length; i++)
        {
            value[0] = (float)series.Values[i];
            bank.Observe(series.UnixSeconds[i] * 1000, value, announced.AsSpan(i, 1), raw.AsSpan(i, 1), gated.AsSpan(i, 1));
            alerts[i] = bank.IsAlert(0);
        }

        return new ScoredSeries(series, raw, gated) { Alerts = alerts };
    }
}
