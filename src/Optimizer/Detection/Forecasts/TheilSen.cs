namespace NetPulse.Optimizer.Detection.Forecasts;

/// <summary>A straight line through a series.</summary>
/// <param name="PerSecond">Its slope, in the series' unit.</param>
/// <param name="Slowest">Lower end of the slope's interval.</param>
/// <param name="Fastest">Upper end.</param>
/// <param name="Now">Where the line is at the last point.</param>
public sealed record Trend(double PerSecond, double Slowest, double Fastest, double Now);

/// <summary>A robust trend: more than a quarter of the points may be anything.</summary>
/// <remarks>
/// Method: the median of all pairs' slopes (Theil, 1950; Sen, JASA 63, 1968) with Sen's interval from the variance of Kendall's S, here of 99 %. The points are
/// first put into at most <see cref="Buckets"/> of equal time, each by its median: neighbours depend on each other and would make the interval too narrow.
/// Fewer than <see cref="FewestBuckets"/> buckets with a value have no trend, which is <see langword="null"/>.
/// </remarks>
public static class TheilSen
{
    private const int Buckets = 48;
    private const int FewestBuckets = 12;

    /// <summary>Of the normal distribution, for 99 %.</summary>
    private const double Quantile = 2.576;

    /// <param name="unixMilliseconds">Ascending.</param>
    /// <param name="values">What is not finite is left out.</param>
    public static Trend? Fit(ReadOnlySpan<long> unixMilliseconds, ReadOnlySpan<double> values)
    {
        if (unixMilliseconds.Length == 0 || unixMilliseconds[^1] <= unixMilliseconds[0])
        {
            return null;
        }

        var end = unixMilliseconds[^1];
        var width = (end - unixMilliseconds[0]) / (double)Buckets;
        var points = new List<(double Seconds, double Value)>();
        var bucket = new List<(long At, double Value)>();
        var number = 0;
        for (var i = 0; i <= values.Length; i++)
        {
            var at = i < values.Length ? Math.Min(Buckets - 1, (int)((unixMilliseconds[i] - unixMilliseconds[0]) / width)) : Buckets;
            if (at != number && bucket.Count > 0)
            {
                points.Add((bucket.Average(point => point.At - end) / 1000, Median([.. bucket.Select(point => point.Value)])));
                bucket.Clear();
            }

            number = at;
            if (i < values.Length && double.IsFinite(values[i]))
            {
                bucket.Add((unixMilliseconds[i], values[i]));
            }
        }

        if (points.Count < FewestBuckets)
        {
            return null;
        }

        var slopes = new List<double>();
        for (var i = 0; i < points.Count; i++)
        {
            for (var k = 0; k < i; k++)
            {
                slopes.Add((points[i].Value - points[k].Value) / (points[i].Seconds - points[k].Seconds));
            }
        }

        slopes.Sort();
        double n = points.Count;
        var reach = Quantile * Math.Sqrt(n * (n - 1) * ((2 * n) + 5) / 18);
        var slope = Median(slopes);
        return new Trend(
            slope,
            slopes[Math.Clamp((int)((slopes.Count - reach) / 2), 0, slopes.Count - 1)],
            slopes[Math.Clamp((int)Math.Ceiling((slopes.Count + reach) / 2), 0, slopes.Count - 1)],
            Median([.. points.Select(point => point.Value - (slope * point.Seconds))]));
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }
}
