using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector512<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>What a series usually is in each hour of the week, in UTC.</summary>
/// <remarks>Method: a seasonal profile of running means (Holt, 1957; Winters, 1960), without a trend. An hour that was never seen has no answer.</remarks>
internal sealed class HourOfWeek(int blocks)
{
    internal const int Hours = 168;
    private const float Memory = 32;

    private readonly Lanes[] means = new Lanes[blocks * Hours];
    private readonly Lanes[] seen = new Lanes[blocks * Hours];

    public long StateBytes => (long)(means.Length + seen.Length) * Unsafe.SizeOf<Lanes>();

    public void Visit(StatePart visit)
    {
        visit(BankState.BytesOf(means));
        visit(BankState.BytesOf(seen));
    }

    /// <param name="residuals">Distance from the hour's mean before this value.</param>
    /// <returns>The lanes that have such a mean.</returns>
    public Lanes Observe(int block, int hour, Lanes values, Lanes present, out Lanes residuals)
    {
        ref var mean = ref means[(block * Hours) + hour];
        ref var count = ref seen[(block * Hours) + hour];
        residuals = values - mean;
        var known = present & Vector512.GreaterThan(count, Lanes.Zero);
        var counted = Vector512.MinNative(count + Lanes.One, Vector512.Create(Memory));
        mean = Vector512.ConditionalSelect(present, mean + (residuals / counted), mean);
        count = Vector512.ConditionalSelect(present, counted, count);
        return known;
    }
}
