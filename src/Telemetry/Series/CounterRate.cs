namespace NetPulse.Telemetry.Series;

/// <summary>Rates of a counter between neighbouring readings.</summary>
public static class CounterRate
{
    /// <summary>A series of rates per second, each at the time of the later reading.</summary>
    /// <remarks>
    /// A pair of readings has no rate, and so no point, when the counter went backwards (its owner restarted) or when more than
    /// <paramref name="longestGap"/> lies between them: a missed reading is missing, not zero.
    /// </remarks>
    public static TimeSeries Of(TimeSeries counter, TimeSpan longestGap)
    {
        var times = counter.UnixMilliseconds.Span;
        var values = counter.Values.Span;
        var rateTimes = new long[Math.Max(0, times.Length - 1)];
        var rates = new double[rateTimes.Length];
        var count = 0;
        for (var i = 1; i < times.Length; i++)
        {
            var elapsedMilliseconds = times[i] - times[i - 1];
            if (values[i] >= values[i - 1] && elapsedMilliseconds > 0 && elapsedMilliseconds <= longestGap.TotalMilliseconds)
            {
                rateTimes[count] = times[i];
                rates[count++] = (values[i] - values[i - 1]) * 1000 / elapsedMilliseconds;
            }
        }

        return new TimeSeries(counter.Labels, rateTimes.AsMemory(0, count), rates.AsMemory(0, count));
    }

    /// <summary>How much a counter grew over all its readings, restarts counted from zero.</summary>
    public static double Increase(TimeSeries counter)
    {
        var values = counter.Values.Span;
        var sum = 0.0;
        for (var i = 1; i < values.Length; i++)
        {
            sum += values[i] >= values[i - 1] ? values[i] - values[i - 1] : values[i];
        }

        return sum;
    }
}
