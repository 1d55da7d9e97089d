namespace NetPulse.Optimizer.Detection.Preparation;

/// <summary>Rates of a cumulative counter.</summary>
public static class CounterRates
{
    /// <summary>
    /// Increase per second since the last finite reading, at the later one's place; NaN where there is none: at the first reading, at a missed one, and where
    /// the counter fell, since what it had reached before the restart was not seen.
    /// </summary>
    public static double[] PerSecond(ReadOnlySpan<long> unixSeconds, ReadOnlySpan<double> counter)
    {
        var rates = new double[counter.Length];
        var before = -1;
        for (var i = 0; i < counter.Length; i++)
        {
            rates[i] = double.NaN;
            if (!double.IsFinite(counter[i]))
            {
                continue;
            }

            if (before >= 0 && unixSeconds[i] > unixSeconds[before] && counter[i] >= counter[before])
            {
                rates[i] = (counter[i] - counter[before]) / (unixSeconds[i] - unixSeconds[before]);
            }

            before = i;
        }

        return rates;
    }
}
