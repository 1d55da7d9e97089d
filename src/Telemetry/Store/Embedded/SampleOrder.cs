namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Brings samples of one series into the order of time, one a time: of several the one that was written last.</summary>
internal static class SampleOrder
{
    /// <param name="times">In the order of writing; changed.</param>
    /// <param name="values">Theirs; changed.</param>
    public static (long[] Times, Memory<double> Values) Sorted(long[] times, double[] values)
    {
        var order = new int[times.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (left, right) => times[left] != times[right] ? times[left].CompareTo(times[right]) : left.CompareTo(right));
        var sortedTimes = new long[times.Length];
        var sortedValues = new double[times.Length];
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

        return (sortedTimes[..count], sortedValues.AsMemory(0, count));
    }

    /// <summary>Joins parts, each in order by itself and each written after those before it.</summary>
    /// <param name="parts">At least one.</param>
    /// <param name="times">Times of the series before, joined from these parts' times: given again where the parts' times are the same objects.</param>
    /// <param name="room">Gets the values.</param>
    public static (ReadOnlyMemory<long> Times, ReadOnlyMemory<double> Values) Joined(
        List<(ReadOnlyMemory<long> Times, ReadOnlyMemory<double> Values)> parts, JoinedTimes times, ValueRoom room)
    {
        if (parts.Count == 1)
        {
            return parts[0];
        }

        var total = 0;
        var ascending = true;
        for (var i = 0; i < parts.Count; i++)
        {
            total += parts[i].Times.Length;
            ascending &= i == 0 || parts[i - 1].Times.Span[^1] < parts[i].Times.Span[0];
        }

        var values = room.Take(total);
        var at = 0;
        foreach (var part in parts)
        {
            part.Values.Span.CopyTo(values.Span[at..]);
            at += part.Values.Length;
        }

        var joined = times.Of(parts, total);
        if (ascending)
        {
            return (joined, values);
        }

        var sorted = Sorted(joined.ToArray(), values.ToArray());
        return (sorted.Times, sorted.Values);
    }
}

/// <summary>Remembers the times that were joined last: series that were read together share them.</summary>
internal sealed class JoinedTimes
{
    private readonly List<ReadOnlyMemory<long>> from = [];
    private ReadOnlyMemory<long> joined;

    public ReadOnlyMemory<long> Of(List<(ReadOnlyMemory<long> Times, ReadOnlyMemory<double> Values)> parts, int total)
    {
        var same = from.Count == parts.Count;
        for (var i = 0; same && i < parts.Count; i++)
        {
            // the same object, not equal content
            same = from[i].Equals(parts[i].Times);
        }

        if (same)
        {
            return joined;
        }

        var times = GC.AllocateUninitializedArray<long>(total);
        var at = 0;
        from.Clear();
        foreach (var part in parts)
        {
            part.Times.Span.CopyTo(times.AsSpan(at));
            at += part.Times.Length;
            from.Add(part.Times);
        }

        joined = times;
        return times;
    }
}
