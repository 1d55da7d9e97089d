using NetPulse.Telemetry.Series;

namespace NetPulse.Optimizer.Detection;

/// <summary>How and when a series left its past range.</summary>
/// <param name="Deviation">To which side.</param>
/// <param name="Onset">Time of the first point outside.</param>
/// <param name="Now">Median of the latest five points outside.</param>
/// <param name="UsualLow">5 % quantile of the normal points before.</param>
/// <param name="UsualHigh">95 % quantile of the normal points before.</param>
/// <param name="Sigmas">Distance of <paramref name="Now"/> from the usual median in robust standard deviations.</param>
public sealed record Departure(Deviation Deviation, DateTimeOffset Onset, double Now, double UsualLow, double UsualHigh, double Sigmas);

/// <summary>Finds whether a series has left the range of its own past and is still outside.</summary>
/// <remarks>
/// Method: range novelty against the 5 % and 95 % quantiles of the last <see cref="PastRangeOptions.BaselinePoints"/> normal points, widened by
/// robust standard deviations (1.4826 times the median absolute deviation; Rousseeuw and Croux, 1993). Streaming and without look-ahead: a point is
/// judged by the points before it only, and a point outside does not enter the baseline, so a lasting fault stays visible. Fewer than
/// <see cref="PastRangeOptions.MinimumPoints"/> points have no answer, which is <see langword="null"/>.
/// </remarks>
public static class PastRange
{
    public static Departure? Leave(TimeSeries series, Deviation side, PastRangeOptions options)
    {
        var values = series.Values.Span;
        var baseline = new List<double>(options.BaselinePoints);
        var outside = new List<int>();
        for (var i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(values[i]))
            {
                continue;
            }

            if (baseline.Count >= options.MinimumPoints && IsOutside(values[i], side, Range.Of(baseline, options)))
            {
                outside.Add(i);
                continue;
            }

            outside.Clear();
            if (baseline.Count == options.BaselinePoints)
            {
                baseline.RemoveAt(0);
            }

            baseline.Add(values[i]);
        }

        if (outside.Count < options.ConfirmingPoints)
        {
            return null;
        }

        var usual = Range.Of(baseline, options);
        var now = Quantile([.. outside.TakeLast(5).Select(i => series.Values.Span[i]).Order()], 0.5);
        return new Departure(side, series.At(outside[0]), now, usual.Low, usual.High, Math.Abs(now - usual.Median) / usual.Sigma);
    }

    private static bool IsOutside(double value, Deviation side, Range usual) => side == Deviation.Fall
        ? value < usual.Low - usual.Margin
        : value > usual.High + usual.Margin;

    /// <summary>Linear interpolation between order statistics (type 7 of Hyndman and Fan, 1996).</summary>
    private static double Quantile(double[] sorted, double q)
    {
        var position = q * (sorted.Length - 1);
        var below = (int)position;
        var above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((position - below) * (sorted[above] - sorted[below]));
    }

    private readonly record struct Range(double Low, double High, double Median, double Sigma, double Margin)
    {
        public static Range Of(List<double> points, PastRangeOptions options)
        {
            var sorted = points.Order().ToArray();
            var median = Quantile(sorted, 0.5);
            var deviation = Quantile(sorted.Select(value => Math.Abs(value - median)).Order().ToArray(), 0.5);
            // A series that hardly moves has no deviation of its own: a share of its level stands in for it.
            var sigma = Math.Max(1.4826 * deviation, Math.Max(Math.Abs(median) * options.SmallestSigmaShare, double.Epsilon));
            return new Range(Quantile(sorted, 0.05), Quantile(sorted, 0.95), median, sigma, options.MarginSigmas * sigma);
        }
    }
}
