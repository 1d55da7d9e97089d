using System.Numerics;
using NetPulse.Benchmarks.Detection.Data;

namespace NetPulse.Benchmarks.Detection.Peers;

/// <summary>Saliency of the newest point of a window, by the residual of the logarithmic spectrum.</summary>
/// <remarks>
/// Ren et al., KDD 2019, without the network: window of 64, spectrum smoothed over 3, five points extrapolated from the last slopes, saliency against its mean
/// over 21. What ML.NET's SrCnnEntireDetector does, written anew and streaming.
/// </remarks>
internal static class SpectralResidual
{
    private const int Window = 64, Smooth = 3, Extrapolated = 5, Judged = 21;

    public static float[] Score(LabelledSeries series)
    {
        var scores = new float[series.Values.Length];
        var past = new List<double>();
        var buffer = new Complex[Window];
        for (var i = 0; i < scores.Length; i++)
        {
            if (!double.IsFinite(series.Values[i]))
            {
                continue;
            }

            past.Add(series.Values[i]);
            var known = Window - Extrapolated;
            if (past.Count < known)
            {
                continue;
            }

            var recent = past.GetRange(past.Count - known, known);
            var slope = Enumerable.Range(1, Extrapolated).Average(back => (recent[known - 1] - recent[known - 1 - back]) / back);
            var next = recent[known - Extrapolated] + (slope * Extrapolated);
            for (var k = 0; k < Window; k++)
            {
                buffer[k] = k < known ? recent[k] : next;
            }

            var saliency = Saliency(buffer);
            var mean = saliency.AsSpan(known - Judged, Judged).ToArray().Average();
            scores[i] = (float)Math.Max(0, (saliency[known - 1] - mean) / (mean + 1e-12));
        }

        return scores;
    }

    private static double[] Saliency(Complex[] values)
    {
        var spectrum = (Complex[])values.Clone();
        Fourier(spectrum, inverse: false);
        var log = Array.ConvertAll(spectrum, bin => Math.Log(bin.Magnitude + 1e-12));
        for (var k = 0; k < spectrum.Length; k++)
        {
            var from = Math.Max(0, k - Smooth + 1);
            var average = log.AsSpan(from, k - from + 1).ToArray().Average();
            spectrum[k] = Complex.FromPolarCoordinates(Math.Exp(log[k] - average), spectrum[k].Phase);
        }

        Fourier(spectrum, inverse: true);
        return Array.ConvertAll(spectrum, bin => bin.Magnitude / spectrum.Length);
    }

    /// <summary>Radix-2, in place (Cooley and Tukey, 1965).</summary>
    private static void Fourier(Complex[] values, bool inverse)
    {
        for (int i = 1, j = 0; i < values.Length; i++)
        {
            var bit = values.Length >> 1;
            for (; (j & bit) != 0; bit >>= 1)
            {
                j ^= bit;
            }

            j ^= bit;
            if (i < j)
            {
                (values[i], values[j]) = (values[j], values[i]);
            }
        }

        for (var length = 2; length <= values.Length; length <<= 1)
        {
            var turn = Complex.FromPolarCoordinates(1, (inverse ? 2 : -2) * Math.PI / length);
            for (var start = 0; start < values.Length; start += length)
            {
                var factor = Complex.One;
                for (var k = 0; k < length / 2; k++)
                {
                    var (even, odd) = (values[start + k], values[start + k + (length / 2)] * factor);
                    values[start + k] = even + odd;
                    values[start + k + (length / 2)] = even - odd;
                    factor *= turn;
                }
            }
        }
    }
}
