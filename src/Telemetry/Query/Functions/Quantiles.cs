namespace NetPulse.Telemetry.Query.Functions;

/// <summary>Quantiles of numbers, and of counts in buckets.</summary>
internal static class Quantiles
{
    private const int FewValues = 32;

    /// <summary>Between the two nearest ranks, linearly. Below 0 it is -Inf, above 1 +Inf. NaN counts as the smallest.</summary>
    /// <param name="q">0 to 1.</param>
    /// <param name="values">Sorted in place.</param>
    public static double Of(double q, Span<double> values)
    {
        if (values.IsEmpty || double.IsNaN(q))
        {
            return double.NaN;
        }

        if (q is < 0 or > 1)
        {
            return q < 0 ? double.NegativeInfinity : double.PositiveInfinity;
        }

        Sort(values);
        var rank = q * (values.Length - 1);
        var lower = (int)rank;
        var weight = rank - lower;
        return (values[lower] * (1 - weight)) + (values[Math.Min(lower + 1, values.Length - 1)] * weight);
    }

    /// <summary>Linearly within the bucket where the rank falls.</summary>
    /// <remarks>Source: Prometheus 2.42, promql/quantile.go (bucketQuantile). Counts that fall are taken as equal to the one before.</remarks>
    /// <param name="q">0 to 1.</param>
    /// <param name="buckets">Upper bound and cumulative count; sorted and changed in place.</param>
    public static double OfBuckets(double q, List<(double UpperBound, double Count)> buckets)
    {
        if (double.IsNaN(q))
        {
            return double.NaN;
        }

        if (q is < 0 or > 1)
        {
            return q < 0 ? double.NegativeInfinity : double.PositiveInfinity;
        }

        buckets.Sort(static (left, right) => left.UpperBound.CompareTo(right.UpperBound));
        if (!double.IsPositiveInfinity(buckets[^1].UpperBound))
        {
            return double.NaN;
        }

        Merge(buckets);
        var observations = buckets[^1].Count;
        if (buckets.Count < 2 || observations == 0)
        {
            return double.NaN;
        }

        var rank = q * observations;
        var found = 0;
        while (found < buckets.Count - 1 && !(buckets[found].Count >= rank))
        {
            found++;
        }

        if (found == buckets.Count - 1)
        {
            return buckets[^2].UpperBound;
        }

        var (end, count) = buckets[found];
        if (found == 0)
        {
            return end <= 0 ? end : end * (rank / count);
        }

        var (start, below) = buckets[found - 1];
        return start + ((end - start) * ((rank - below) / (count - below)));
    }

    private static void Sort(Span<double> values)
    {
        if (values.Length > FewValues || values.Contains(double.NaN))
        {
            values.Sort();
            return;
        }

        // windows are short, and there are many
        for (var i = 1; i < values.Length; i++)
        {
            var value = values[i];
            var at = i;
            while (at > 0 && values[at - 1] > value)
            {
                values[at] = values[at - 1];
                at--;
            }

            values[at] = value;
        }
    }

    /// <summary>One bucket a bound, and counts that do not fall.</summary>
    private static void Merge(List<(double UpperBound, double Count)> buckets)
    {
        var last = 0;
        for (var i = 1; i < buckets.Count; i++)
        {
            if (buckets[i].UpperBound.CompareTo(buckets[last].UpperBound) == 0)
            {
                buckets[last] = (buckets[last].UpperBound, buckets[last].Count + buckets[i].Count);
            }
            else
            {
                buckets[++last] = buckets[i];
            }
        }

        buckets.RemoveRange(last + 1, buckets.Count - last - 1);
        for (var i = 1; i < buckets.Count; i++)
        {
            if (buckets[i].Count < buckets[i - 1].Count)
            {
                buckets[i] = (buckets[i].UpperBound, buckets[i - 1].Count);
            }
        }
    }
}
