using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query.Functions;

/// <summary>Functions of a window, from roll-ups: as from the samples but for rounding, and quantiles within <see cref="QuantileSketch.RelativeError"/>.</summary>
internal static class RolledFunctions
{
    public static double Rate(in RolledWindow window, ReadOnlySpan<double> scalars) =>
        CounterFunctions.Extrapolated(Ends(window), window.From, window.To, isCounter: true, CounterFunctions.Seconds(window.To - window.From));

    public static double Increase(in RolledWindow window, ReadOnlySpan<double> scalars) =>
        CounterFunctions.Extrapolated(Ends(window), window.From, window.To, isCounter: true);

    public static double Delta(in RolledWindow window, ReadOnlySpan<double> scalars) =>
        CounterFunctions.Extrapolated(Ends(window), window.From, window.To, isCounter: false);

    public static double Sum(in RolledWindow window, ReadOnlySpan<double> scalars)
    {
        var sum = default(Compensated);
        foreach (ref readonly var part in window.Parts)
        {
            sum.Add(part.Sum);
        }

        return sum.Value;
    }

    public static double Average(in RolledWindow window, ReadOnlySpan<double> scalars)
    {
        var whole = window.Whole;
        var sum = Sum(window, scalars);
        if (!double.IsInfinity(sum) || !double.IsFinite(whole.Min) || !double.IsFinite(whole.Max))
        {
            return sum / whole.Count;
        }

        // the sum is beyond every double though no sample is: the mean of numbers made smaller first
        var mean = default(Compensated);
        foreach (ref readonly var part in window.Parts)
        {
            mean.Add(part.Sum / whole.Count);
        }

        return mean.Value;
    }

    public static double Min(in RolledWindow window, ReadOnlySpan<double> scalars) => window.Whole.Min;

    public static double Max(in RolledWindow window, ReadOnlySpan<double> scalars) => window.Whole.Max;

    public static double Count(in RolledWindow window, ReadOnlySpan<double> scalars) => window.Whole.Count;

    public static double Last(in RolledWindow window, ReadOnlySpan<double> scalars) => window.Parts[^1].Last;

    public static double Present(in RolledWindow window, ReadOnlySpan<double> scalars) => 1;

    /// <summary>Between the two nearest ranks, linearly, as <see cref="Quantiles.Of"/>, and never beyond the smallest and the largest value.</summary>
    public static double Quantile(in RolledWindow window, ReadOnlySpan<double> scalars)
    {
        var q = scalars[0];
        if (double.IsNaN(q) || q is < 0 or > 1)
        {
            return double.IsNaN(q) ? q : q < 0 ? double.NegativeInfinity : double.PositiveInfinity;
        }

        var counts = new Dictionary<int, long>();
        foreach (ref readonly var part in window.Parts)
        {
            if (part.Sketch.Bytes.IsEmpty)
            {
                // a sample alone
                var place = QuantileSketch.PlaceOf(part.Last);
                counts[place] = counts.GetValueOrDefault(place) + part.Count;
            }
            else
            {
                part.Sketch.AddTo(counts);
            }
        }

        var (min, max) = (window.Whole.Min, window.Whole.Max);
        var places = counts.ToArray();
        Array.Sort(places, static (left, right) => left.Key.CompareTo(right.Key));
        var rank = q * (places.Sum(static one => one.Value) - 1);
        var lower = (long)rank;
        var weight = rank - lower;
        var below = At(lower);
        return weight > 0 ? (below * (1 - weight)) + (At(lower + 1) * weight) : below;

        double At(long number)
        {
            foreach (var (place, count) in places)
            {
                if (number < count)
                {
                    var value = QuantileSketch.NumberAt(place);
                    return double.IsNaN(value) ? value : Math.Clamp(value, min, max);
                }

                number -= count;
            }

            return max;
        }
    }

    private static WindowEnds Ends(in RolledWindow window)
    {
        var whole = window.Whole;
        return new WindowEnds(whole.Count, whole.FirstAt, whole.First, whole.LastAt, whole.Last, whole.LostToResets);
    }
}
