using MathNet.Numerics.Distributions;

namespace NetPulse.Optimizer.Verify;

/// <summary>Compares two spans of a positive series by the ratio of their levels.</summary>
/// <remarks>
/// Method: Welch's t-test (Welch, 1947) on logarithms, with each span's number of readings reduced to the effective one of a first-order
/// autoregressive series, n (1 - r) / (1 + r) (Bayley and Hammersley, 1946), because neighbouring readings of a flow resemble each other.
/// </remarks>
public static class RatioTest
{
    /// <summary>Fewer readings on either side have no answer.</summary>
    public const int MinimumReadings = 3;

    /// <summary>Smallest standard deviation of a logarithm: readings closer together than 1 % are taken as 1 % apart, so that three equal readings prove nothing.</summary>
    private const double SmallestDeviation = 0.01;

    /// <returns><see langword="null"/> with fewer than <see cref="MinimumReadings"/> on either side.</returns>
    public static Effect? Compare(IReadOnlyList<double> logBefore, IReadOnlyList<double> logAfter)
    {
        if (logBefore.Count < MinimumReadings || logAfter.Count < MinimumReadings)
        {
            return null;
        }

        var (meanBefore, errorBefore, freedomBefore) = Level(logBefore);
        var (meanAfter, errorAfter, freedomAfter) = Level(logAfter);
        var difference = meanAfter - meanBefore;
        var error = Math.Sqrt(errorBefore + errorAfter);
        var freedom = error * error * error * error / ((errorBefore * errorBefore / freedomBefore) + (errorAfter * errorAfter / freedomAfter));
        var reach = StudentT.InvCDF(0, 1, freedom, 0.975) * error;
        var pValue = 2 * StudentT.CDF(0, 1, freedom, -Math.Abs(difference / error));
        return new Effect(Math.Exp(difference), Math.Exp(difference - reach), Math.Exp(difference + reach), pValue);
    }

    /// <summary>Mean, squared standard error of the mean, degrees of freedom.</summary>
    private static (double Mean, double SquaredError, double Freedom) Level(IReadOnlyList<double> values)
    {
        var mean = values.Average();
        var squares = values.Sum(value => (value - mean) * (value - mean));
        var products = 0.0;
        for (var i = 1; i < values.Count; i++)
        {
            products += (values[i] - mean) * (values[i - 1] - mean);
        }

        var autocorrelation = squares > 0 ? Math.Clamp(products / squares, 0, 0.9) : 0;
        var effective = Math.Max(2, values.Count * (1 - autocorrelation) / (1 + autocorrelation));
        var variance = Math.Max(squares / (values.Count - 1), SmallestDeviation * SmallestDeviation);
        return (mean, variance / effective, effective - 1);
    }
}
