using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>How far a value lies beyond everything that its series has been lately, in units of that range.</summary>
/// <remarks>
/// Method: records of a process with fading memory; novelty in the sense of Markou and Singh (2003). Both ends of the range creep towards each other by
/// <see cref="Fading"/> of its width a point, so that a record is forgotten in some ten thousand points. During the warm-up it answers
/// zero. A series that never changed answers <see cref="Highest"/> to its first change.
/// </remarks>
internal struct RangeNovelty
{
    internal const float Highest = 1000;
    private const float Fading = 1e-4f;

    public Lanes High, Low;

    /// <param name="values">Of the lanes in <paramref name="present"/>.</param>
    /// <param name="held">What a fall is judged by: the values, or the highest of the last ones where a fall has to last.</param>
    /// <param name="seen">Values before this one.</param>
    /// <param name="warmUp">Values before the first answer.</param>
    /// <param name="falls">Whether to look below, too.</param>
    /// <param name="smallestWidth">A range that is narrower is taken as this.</param>
    public Lanes Observe(Lanes values, Lanes held, Lanes present, Lanes seen, float warmUp, bool falls, float smallestWidth = 0)
    {
        var isFirst = Vector256.Equals(seen, Lanes.Zero);
        var high = Vector256.ConditionalSelect(isFirst, values, High);
        var low = Vector256.ConditionalSelect(isFirst, values, Low);
        var width = high - low;
        var beyond = Vector256.MaxNative(values - high, Lanes.Zero);
        if (falls)
        {
            beyond = Vector256.MaxNative(low - held, beyond);
        }

        // Without a width every step is infinitely far; 0/0 is not looked at.
        var novelty = Vector256.MinNative(beyond / Vector256.MaxNative(width, Vector256.Create(Math.Max(smallestWidth, float.Epsilon * (1 << 23)))), Vector256.Create(Highest));
        var creep = width * Fading;
        High = Vector256.ConditionalSelect(present, Vector256.MaxNative(high - creep, values), High);
        Low = Vector256.ConditionalSelect(present, Vector256.MinNative(low + creep, held), Low);
        return novelty & present & Vector256.GreaterThanOrEqual(seen, Vector256.Create(warmUp));
    }
}
