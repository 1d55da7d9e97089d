using System.Collections.Immutable;
using System.Globalization;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Samples;

/// <summary>One labelled histogram: how many observations were at most as large as each bound, and their sum. Used by one thread at a time.</summary>
/// <remarks>Its series are named as in the Prometheus text format: <c>_bucket</c> with the label <c>le</c>, <c>_sum</c>, <c>_count</c>.</remarks>
public sealed class HistogramSeries
{
    private const string UpperBoundLabel = "le";

    private readonly ImmutableArray<double> upperBounds;
    private readonly LabelSet[] bucketLabels;
    private readonly LabelSet sumLabels;
    private readonly LabelSet countLabels;
    private readonly long[] counts;
    private double sum;

    /// <param name="labels">Of the histogram, with the metric's own name.</param>
    /// <param name="upperBounds">Rising and finite; the bucket for what is larger than all of them is added.</param>
    /// <exception cref="ArgumentException">The bounds do not rise or are not finite.</exception>
    public HistogramSeries(LabelSet labels, ImmutableArray<double> upperBounds)
    {
        for (var i = 0; i < upperBounds.Length; i++)
        {
            if (!double.IsFinite(upperBounds[i]) || (i > 0 && upperBounds[i] <= upperBounds[i - 1]))
            {
                throw new ArgumentException("Bounds must be finite and rise", nameof(upperBounds));
            }
        }

        this.upperBounds = upperBounds;
        counts = new long[upperBounds.Length + 1];
        var bucket = labels.With(LabelSet.MetricName, labels.Name + "_bucket");
        bucketLabels = [.. upperBounds.Append(double.PositiveInfinity).Select(bound => bucket.With(UpperBoundLabel, Text(bound)))];
        sumLabels = labels.With(LabelSet.MetricName, labels.Name + "_sum");
        countLabels = labels.With(LabelSet.MetricName, labels.Name + "_count");
    }

    public void Observe(double value)
    {
        var bucket = upperBounds.AsSpan().BinarySearch(value);
        counts[bucket >= 0 ? bucket : ~bucket]++;
        sum += value;
    }

    /// <summary>Adds what was counted elsewhere, as in the kernel.</summary>
    /// <param name="bucket">Index of the bound that the observations were at most as large as; the number of bounds for those above all.</param>
    /// <param name="count">How many.</param>
    public void AddCount(int bucket, long count) => counts[bucket] += count;

    /// <summary>The sum of what <see cref="AddCount"/> added, in the metric's unit.</summary>
    public void AddSum(double value) => sum += value;

    internal void WriteTo(List<Sample> samples, long unixMilliseconds)
    {
        var total = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            total += counts[i];
            samples.Add(new Sample(bucketLabels[i], unixMilliseconds, total));
        }

        samples.Add(new Sample(sumLabels, unixMilliseconds, sum));
        samples.Add(new Sample(countLabels, unixMilliseconds, total));
    }

    /// <summary>OpenMetrics' canonical form, which tells <c>1.0</c> from an integer.</summary>
    private static string Text(double bound) =>
        double.IsPositiveInfinity(bound) ? "+Inf"
        : double.IsInteger(bound) ? bound.ToString("0.0", CultureInfo.InvariantCulture)
        : bound.ToString(CultureInfo.InvariantCulture);
}
