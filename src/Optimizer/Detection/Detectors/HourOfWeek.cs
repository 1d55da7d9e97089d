using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>What a series usually is at a time of the week, in UTC.</summary>
/// <remarks>
/// Method: a seasonal profile of running means (Holt, 1957; Winters, 1960), without a trend, one a hour; between the middles of two hours a straight line, so
/// that a profile that rises through an hour leaves no steps in the residuals. An hour that was never seen has no answer, and one whose neighbour was never
/// seen is flat on that side.
/// </remarks>
internal sealed class HourOfWeek(int blocks)
{
    internal const int Hours = 168;
    private const float Memory = 32;

    private readonly Lanes[] means = new Lanes[blocks * Hours];
    private readonly Lanes[] seen = new Lanes[blocks * Hours];

    public long StateBytes => (long)(means.Length + seen.Length) * Unsafe.SizeOf<Lanes>();

    public void Visit(StatePart visit)
    {
        visit(BankState.VectorsOf(means));
        visit(BankState.VectorsOf(seen));
    }

    /// <param name="time">Of the value.</param>
    /// <param name="residuals">Distance from what was usual before this value.</param>
    /// <returns>The lanes in which something was.</returns>
    public Lanes Observe(int block, TimeOfWeek time, Lanes values, Lanes present, out Lanes residuals)
    {
        ref var mean = ref means[(block * Hours) + time.Hour];
        ref var count = ref seen[(block * Hours) + time.Hour];
        var known = present & Vector256.GreaterThan(count, Lanes.Zero);
        var slope = means[(block * Hours) + time.NearestHour] - mean;
        var hasNearest = known & Vector256.GreaterThan(seen[(block * Hours) + time.NearestHour], Lanes.Zero);
        residuals = values - (mean + (slope * time.ShareOfNearest & hasNearest));
        var counted = Vector256.MinNative(count + Lanes.One, Vector256.Create(Memory));
        mean = Vector256.ConditionalSelect(present, mean + (residuals / counted), mean);
        count = Vector256.ConditionalSelect(present, counted, count);
        return known;
    }
}
