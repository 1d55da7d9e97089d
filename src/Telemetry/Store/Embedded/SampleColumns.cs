namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>One series' samples as two growing columns, in the order in which they were written.</summary>
internal sealed class SampleColumns
{
    private long[] times = new long[8];
    private double[] values = new double[8];
    private bool ascending = true;

    public int Count { get; private set; }

    public void Add(long unixMilliseconds, double value)
    {
        Grow(Count + 1);
        ascending &= Count == 0 || times[Count - 1] < unixMilliseconds;
        times[Count] = unixMilliseconds;
        values[Count++] = value;
    }

    /// <summary>Adds those of the given samples that lie in the range, both ends included.</summary>
    public void AddRange(ReadOnlySpan<long> unixMilliseconds, ReadOnlySpan<double> added, long from, long to)
    {
        Grow(Count + unixMilliseconds.Length);
        for (var i = 0; i < unixMilliseconds.Length; i++)
        {
            if (unixMilliseconds[i] >= from && unixMilliseconds[i] <= to)
            {
                Add(unixMilliseconds[i], added[i]);
            }
        }
    }

    public void CopyTo(SampleColumns target, long from, long to)
    {
        var first = 0;
        var end = Count;
        if (ascending)
        {
            first = Array.BinarySearch(times, 0, Count, from);
            first = first < 0 ? ~first : first;
            end = Array.BinarySearch(times, 0, Count, to);
            end = end < 0 ? ~end : end + 1;
        }

        if (first < end)
        {
            target.AddRange(times.AsSpan(first, end - first), values.AsSpan(first, end - first), from, to);
        }
    }

    /// <summary>Ascending in time, one sample a time: the one that was written last.</summary>
    public (ReadOnlyMemory<long> UnixMilliseconds, ReadOnlyMemory<double> Values) InOrder()
    {
        if (ascending)
        {
            return (times.AsMemory(0, Count), values.AsMemory(0, Count));
        }

        var order = new int[Count];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (left, right) => times[left] != times[right] ? times[left].CompareTo(times[right]) : left.CompareTo(right));
        var sortedTimes = new long[Count];
        var sortedValues = new double[Count];
        var count = 0;
        foreach (var position in order)
        {
            if (count > 0 && sortedTimes[count - 1] == times[position])
            {
                count--;
            }

            sortedTimes[count] = times[position];
            sortedValues[count++] = values[position];
        }

        return (sortedTimes.AsMemory(0, count), sortedValues.AsMemory(0, count));
    }

    private void Grow(int needed)
    {
        if (needed > times.Length)
        {
            var length = Math.Max(needed, times.Length * 2);
            Array.Resize(ref times, length);
            Array.Resize(ref values, length);
        }
    }
}
