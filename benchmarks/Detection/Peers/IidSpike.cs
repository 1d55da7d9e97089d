using NetPulse.Benchmarks.Detection.Data;

namespace NetPulse.Benchmarks.Detection.Peers;

/// <summary>How improbable a value is among the last ones, by a kernel estimate of their density.</summary>
/// <remarks>The conformal transducer of Laxhammar and Falkman (2010) and Smith et al. (2014), that ML.NET's IidSpikeDetector names, written anew. The score is -log10 of the p-value.</remarks>
internal static class IidSpike
{
    private const int History = 100;
    private const double Smallest = 1e-12;

    public static float[] Score(LabelledSeries series) => Surprises(series.Values);

    /// <summary>Bandwidth by Silverman's rule.</summary>
    internal static float[] Surprises(double[] values)
    {
        var scores = new float[values.Length];
        var window = new double[History];
        var count = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(values[i]))
            {
                continue;
            }

            var filled = Math.Min(count, History);
            if (filled == History)
            {
                var mean = window.Average();
                var deviation = Math.Sqrt(window.Sum(v => (v - mean) * (v - mean)) / filled);
                var width = Math.Max(1.06 * deviation * Math.Pow(filled, -0.2), 1e-12);
                var below = window.Sum(v => Normal((values[i] - v) / width)) / filled;
                var surprise = -Math.Log10(Math.Max(2 * Math.Min(below, 1 - below), Smallest));
                // Where the p-value has run out of digits, distance still tells one surprise from another.
                scores[i] = (float)(surprise < -Math.Log10(Smallest) ? surprise : surprise + Math.Log10(1 + (Math.Abs(values[i] - mean) / width)));
            }

            window[count++ % History] = values[i];
        }

        return scores;
    }

    /// <summary>Distribution function of the standard normal (Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8).</summary>
    private static double Normal(double z)
    {
        var t = 1 / (1 + (0.2316419 * Math.Abs(z)));
        var tail = Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI)
            * t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return z > 0 ? 1 - tail : tail;
    }
}
