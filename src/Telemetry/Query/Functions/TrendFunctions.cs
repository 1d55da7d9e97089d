using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query.Functions;

/// <summary>Straight lines and smoothed trends through the samples of a window.</summary>
internal static class TrendFunctions
{
    public static double Derivative(in Window window, ReadOnlySpan<double> scalars) =>
        window.Count < 2 ? Absent.Value : Regression(window, window.Times[0]).Slope;

    public static double PredictLinear(in Window window, ReadOnlySpan<double> scalars)
    {
        if (window.Count < 2)
        {
            return Absent.Value;
        }

        var (slope, intercept) = Regression(window, window.Step);
        return (slope * scalars[0]) + intercept;
    }

    /// <summary>Double exponential smoothing, as <c>holt_winters</c> of Prometheus 2.</summary>
    public static double HoltWinters(in Window window, ReadOnlySpan<double> scalars)
    {
        var smoothing = scalars[0];
        var trending = scalars[1];
        if (!(smoothing > 0 && smoothing < 1))
        {
            throw PromQlException.Failed($"invalid smoothing factor. Expected: 0 < sf < 1, got: {smoothing}");
        }

        if (!(trending > 0 && trending < 1))
        {
            throw PromQlException.Failed($"invalid trend factor. Expected: 0 < tf < 1, got: {trending}");
        }

        if (window.Count < 2)
        {
            return Absent.Value;
        }

        var level = window.Values[0];
        var before = 0.0;
        var trend = window.Values[1] - window.Values[0];
        for (var i = 1; i < window.Count; i++)
        {
            trend = i == 1 ? trend : (trending * (level - before)) + ((1 - trending) * trend);
            (before, level) = (level, (smoothing * window.Values[i]) + ((1 - smoothing) * (level + trend)));
        }

        return level;
    }

    private static (double Slope, double Intercept) Regression(in Window window, long origin)
    {
        var x = default(Compensated);
        var y = default(Compensated);
        var xy = default(Compensated);
        var xx = default(Compensated);
        var constant = true;
        for (var i = 0; i < window.Count; i++)
        {
            var value = window.Values[i];
            var seconds = (window.Times[i] - origin) / 1000.0;
            constant &= value.CompareTo(window.Values[0]) == 0;
            x.Add(seconds);
            y.Add(value);
            xy.Add(seconds * value);
            xx.Add(seconds * seconds);
        }

        if (constant || window.Count == 1)
        {
            return double.IsFinite(window.Values[0]) ? (0, window.Values[0]) : (double.NaN, double.NaN);
        }

        double n = window.Count;
        var slope = (xy.Value - (x.Value * y.Value / n)) / (xx.Value - (x.Value * x.Value / n));
        return (slope, (y.Value / n) - (slope * x.Value / n));
    }
}
