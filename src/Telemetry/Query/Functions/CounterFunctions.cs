namespace NetPulse.Telemetry.Query.Functions;

/// <summary>Growth of counters and gauges in a window.</summary>
/// <remarks>
/// Source: Prometheus 2.42, promql/functions.go (extrapolatedRate): the growth between the first and the last sample is extended to the
/// window's edges where these are within 1.1 mean intervals, by half an interval where not, and never to where a counter was below zero.
/// </remarks>
internal static class CounterFunctions
{
    private const double NearEdge = 1.1;

    public static double Rate(in Window window, ReadOnlySpan<double> scalars) => Extrapolated(window, isCounter: true, Seconds(window.To - window.From));

    public static double Increase(in Window window, ReadOnlySpan<double> scalars) => Extrapolated(window, isCounter: true);

    public static double Delta(in Window window, ReadOnlySpan<double> scalars) => Extrapolated(window, isCounter: false);

    public static double InstantRate(in Window window, ReadOnlySpan<double> scalars) => LastTwo(window, isRate: true);

    public static double InstantDelta(in Window window, ReadOnlySpan<double> scalars) => LastTwo(window, isRate: false);

    public static double Resets(in Window window, ReadOnlySpan<double> scalars)
    {
        var count = 0;
        for (var i = 1; i < window.Count; i++)
        {
            count += window.Values[i] < window.Values[i - 1] ? 1 : 0;
        }

        return count;
    }

    public static double Changes(in Window window, ReadOnlySpan<double> scalars)
    {
        var count = 0;
        for (var i = 1; i < window.Count; i++)
        {
            count += window.Values[i].CompareTo(window.Values[i - 1]) == 0 ? 0 : 1;
        }

        return count;
    }

    /// <summary>From what is known of a window's samples.</summary>
    /// <param name="samples">At least one.</param>
    /// <param name="from">First millisecond of the window.</param>
    /// <param name="to">Last millisecond of the window.</param>
    /// <param name="isCounter">Whether a smaller value is a restart.</param>
    /// <param name="perSeconds">What the growth is divided by.</param>
    public static double Extrapolated(in WindowEnds samples, long from, long to, bool isCounter, double perSeconds = 1)
    {
        if (samples.Count < 2)
        {
            return Absent.Value;
        }

        var growth = samples.Last - samples.First + (isCounter ? samples.LostToResets : 0);
        var toStart = Seconds(samples.FirstAt - from);
        var toEnd = Seconds(to - samples.LastAt);
        var sampled = Seconds(samples.LastAt - samples.FirstAt);
        var interval = sampled / (samples.Count - 1);
        if (isCounter && growth > 0 && samples.First >= 0)
        {
            toStart = Math.Min(toStart, sampled * (samples.First / growth));
        }

        var extended = sampled
            + (toStart < interval * NearEdge ? toStart : interval / 2)
            + (toEnd < interval * NearEdge ? toEnd : interval / 2);
        return growth * (extended / sampled / perSeconds);
    }

    public static double Seconds(long milliseconds) => milliseconds / 1000.0;

    private static double Extrapolated(in Window window, bool isCounter, double perSeconds = 1)
    {
        var values = window.Values;
        var lost = 0.0;
        if (isCounter)
        {
            for (var i = 1; i < values.Length; i++)
            {
                lost += values[i] < values[i - 1] ? values[i - 1] : 0;
            }
        }

        return Extrapolated(new WindowEnds(values.Length, window.Times[0], values[0], window.Times[^1], values[^1], lost), window.From, window.To, isCounter, perSeconds);
    }

    private static double LastTwo(in Window window, bool isRate)
    {
        if (window.Count < 2)
        {
            return Absent.Value;
        }

        var last = window.Values[^1];
        var previous = window.Values[^2];
        return isRate
            ? (last < previous ? last : last - previous) / Seconds(window.Times[^1] - window.Times[^2])
            : last - previous;
    }
}

/// <summary>What the growth of a window's samples is computed from.</summary>
/// <param name="LostToResets">Sum of the values that were followed by a smaller one.</param>
internal readonly record struct WindowEnds(long Count, long FirstAt, double First, long LastAt, double Last, double LostToResets);
