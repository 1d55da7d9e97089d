using System.Buffers;

namespace NetPulse.Telemetry.Query.Functions;

/// <summary>One number for all samples of a window.</summary>
internal static class OverTimeFunctions
{
    private const int SmallWindow = 256;

    public static double Sum(in Window window, ReadOnlySpan<double> scalars)
    {
        var sum = default(Compensated);
        foreach (var value in window.Values)
        {
            sum.Add(value);
        }

        return sum.Value;
    }

    public static double Average(in Window window, ReadOnlySpan<double> scalars)
    {
        var sum = Sum(window, scalars);
        if (!double.IsInfinity(sum) || window.Values.ContainsAny(double.PositiveInfinity, double.NegativeInfinity))
        {
            return sum / window.Count;
        }

        // the sum is beyond every double though no sample is: the mean of numbers made smaller first
        var mean = default(Compensated);
        foreach (var value in window.Values)
        {
            mean.Add(value / window.Count);
        }

        return mean.Value;
    }

    public static double Min(in Window window, ReadOnlySpan<double> scalars)
    {
        var min = window.Values[0];
        foreach (var value in window.Values)
        {
            min = value < min || double.IsNaN(min) ? value : min;
        }

        return min;
    }

    public static double Max(in Window window, ReadOnlySpan<double> scalars)
    {
        var max = window.Values[0];
        foreach (var value in window.Values)
        {
            max = value > max || double.IsNaN(max) ? value : max;
        }

        return max;
    }

    public static double Count(in Window window, ReadOnlySpan<double> scalars) => window.Count;

    public static double Last(in Window window, ReadOnlySpan<double> scalars) => window.Values[^1];

    public static double Present(in Window window, ReadOnlySpan<double> scalars) => 1;

    public static double StandardVariance(in Window window, ReadOnlySpan<double> scalars)
    {
        var mean = default(Compensated);
        var squares = default(Compensated);
        var count = 0;
        foreach (var value in window.Values)
        {
            count++;
            var difference = value - mean.Unguarded;
            mean.Add(difference / count);
            squares.Add(difference * (value - mean.Unguarded));
        }

        return squares.Unguarded / count;
    }

    public static double StandardDeviation(in Window window, ReadOnlySpan<double> scalars) => Math.Sqrt(StandardVariance(window, scalars));

    public static double Quantile(in Window window, ReadOnlySpan<double> scalars)
    {
        var rented = window.Count > SmallWindow ? ArrayPool<double>.Shared.Rent(window.Count) : null;
        Span<double> sorted = rented ?? stackalloc double[SmallWindow];
        sorted = sorted[..window.Count];
        window.Values.CopyTo(sorted);
        var quantile = Quantiles.Of(scalars[0], sorted);
        if (rented is not null)
        {
            ArrayPool<double>.Shared.Return(rented);
        }

        return quantile;
    }
}
