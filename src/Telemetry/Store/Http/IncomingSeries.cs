using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store.Http;

/// <summary>One series as it comes in: two growing columns.</summary>
internal sealed class IncomingSeries
{
    private long[] times = new long[16];
    private double[] values = new double[16];
    private int count;

    /// <summary>A sample for the time of the one before takes its place.</summary>
    public void Add(long unixMilliseconds, double value)
    {
        count -= count > 0 && times[count - 1] == unixMilliseconds ? 1 : 0;
        if (count == times.Length)
        {
            Array.Resize(ref times, count * 2);
            Array.Resize(ref values, count * 2);
        }

        times[count] = unixMilliseconds;
        values[count++] = value;
    }

    /// <summary>What came so far; begins anew.</summary>
    public TimeSeries Take(LabelSet labels)
    {
        var taken = new TimeSeries(labels, times.AsSpan(0, count).ToArray(), values.AsSpan(0, count).ToArray());
        count = 0;
        return taken;
    }
}
