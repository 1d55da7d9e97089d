using NetPulse.Benchmarks.Detection.Data;

namespace NetPulse.Benchmarks.Detection.Peers;

/// <summary>The error of a forecast by singular spectrum analysis, judged as <see cref="IidSpike"/> judges values.</summary>
/// <remarks>Golyandina, Nekrutkin and Zhigljavsky (2001), recurrent forecast, refitted as the series goes on: what ML.NET's SsaSpikeDetector does, written anew.</remarks>
internal static class SingularSpectrum
{
    private const int Lags = 48, Training = 512, Refit = 64, Rank = 6, Iterations = 30;

    public static float[] Score(LabelledSeries series)
    {
        var errors = new double[series.Values.Length];
        var past = new List<double>(series.Values.Length);
        double[]? recurrence = null;
        for (var i = 0; i < errors.Length; i++)
        {
            errors[i] = double.NaN;
            if (!double.IsFinite(series.Values[i]))
            {
                continue;
            }

            if (past.Count >= Training && (recurrence is null || past.Count % Refit == 0))
            {
                recurrence = Recurrence([.. past.TakeLast(Training)]);
            }

            if (recurrence is not null)
            {
                var forecast = recurrence.Select((weight, lag) => weight * past[past.Count - recurrence.Length + lag]).Sum();
                errors[i] = series.Values[i] - forecast;
            }

            past.Add(series.Values[i]);
        }

        return IidSpike.Surprises(errors);
    }

    /// <summary>Weights of the last Lags - 1 values in the forecast of the next, oldest first.</summary>
    private static double[] Recurrence(double[] values)
    {
        var covariance = new double[Lags, Lags];
        for (var i = 0; i < Lags; i++)
        {
            for (var j = i; j < Lags; j++)
            {
                var sum = 0.0;
                for (var t = 0; t + Lags <= values.Length; t++)
                {
                    sum += values[t + i] * values[t + j];
                }

                covariance[i, j] = covariance[j, i] = sum;
            }
        }

        var basis = LeadingVectors(covariance);
        var weights = new double[Lags - 1];
        var verticality = 0.0;
        foreach (var vector in basis)
        {
            verticality += vector[Lags - 1] * vector[Lags - 1];
            for (var lag = 0; lag < Lags - 1; lag++)
            {
                weights[lag] += vector[Lags - 1] * vector[lag];
            }
        }

        // Vertical space: no recurrence; the last value is the forecast.
        return verticality > 0.999 ? [1] : Array.ConvertAll(weights, weight => weight / (1 - verticality));
    }

    /// <summary>Orthogonal iteration with Gram-Schmidt.</summary>
    private static double[][] LeadingVectors(double[,] matrix)
    {
        var random = new Random(1);
        var vectors = Enumerable.Range(0, Rank).Select(_ => Enumerable.Range(0, Lags).Select(_ => random.NextDouble() - 0.5).ToArray()).ToArray();
        for (var iteration = 0; iteration < Iterations; iteration++)
        {
            for (var k = 0; k < Rank; k++)
            {
                var image = new double[Lags];
                for (var i = 0; i < Lags; i++)
                {
                    for (var j = 0; j < Lags; j++)
                    {
                        image[i] += matrix[i, j] * vectors[k][j];
                    }
                }

                for (var before = 0; before < k; before++)
                {
                    var share = image.Zip(vectors[before], (a, b) => a * b).Sum();
                    for (var i = 0; i < Lags; i++)
                    {
                        image[i] -= share * vectors[before][i];
                    }
                }

                var length = Math.Sqrt(image.Sum(v => v * v));
                vectors[k] = length > 0 ? Array.ConvertAll(image, v => v / length) : image;
            }
        }

        return vectors;
    }
}
