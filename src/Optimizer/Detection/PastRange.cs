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
    private const int LatestPoints = 5;

    public static Departure? Leave(TimeSeries series, Deviation side, PastRangeOptions options)
    {
        var values = series.Values.Span;
        var normal = new NormalPoints(options.BaselinePoints);
        var outside = new List<int>();
        for (var i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(values[i]))
            {
                continue;
            }

            if (normal.Count >= options.MinimumPoints && IsOutside(values[i], side, Range.Of(normal, options)))
            {
                outside.Add(i);
                continue;
            }

            outside.Clear();
            normal.Add(values[i]);
        }

        if (outside.Count < options.ConfirmingPoints)
        {
            return null;
        }

        var usual = Range.Of(normal, options);
        var latest = outside.TakeLast(LatestPoints).Select(i => series.Values.Span[i]).Order().ToArray();
        var now = latest[latest.Length / 2];
        return new Departure(side, series.At(outside[0]), now, usual.Low, usual.High, Math.Abs(now - usual.Median) / usual.Sigma);
    }

    private static bool IsOutside(double value, Deviation side, Range usual) => side == Deviation.Fall
        ? value < usual.Low - usual.Margin
        : value > usual.High + usual.Margin;

    private readonly record struct Range(double Low, double High, double Median, double Sigma, double Margin)
    {
        public static Range Of(NormalPoints points, PastRangeOptions options)
        {
            // A series that hardly moves has no deviation of its own: a share of its level stands in for it.
            var sigma = Math.Max(1.4826 * points.MedianAbsoluteDeviation(), Math.Max(Math.Abs(points.Median) * options.SmallestSigmaShare, double.Epsilon));
            return new Range(points.Quantile(0.05), points.Quantile(0.95), points.Median, sigma, options.MarginSigmas * sigma);
        }
    }
}
