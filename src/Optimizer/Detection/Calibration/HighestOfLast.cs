using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace NetPulse.Optimizer.Detection.Calibration;

/// <summary>Lets a score pass only when it is a tenth higher than all of its series' last 63 to 70: one event is one candidate, and another only as it grows.</summary>
internal struct HighestOfLast
{
    internal const int Points = 70;
    private const int Slots = 10;
    private const float Higher = 1.1f;

#pragma warning disable S3459 // an inline array is written by its elements
    private SlotArray highest;
#pragma warning restore S3459

    /// <param name="point">Number of this point, for all lanes.</param>
    public Lanes Pass(Lanes scores, long point)
    {
        var slot = (int)(point / (Points / Slots) % Slots);
        if (point % (Points / Slots) == 0)
        {
            highest[slot] = Lanes.Zero;
        }

        var before = highest[0];
        for (var i = 1; i < Slots; i++)
        {
            before = Vector256.MaxNative(before, highest[i]);
        }

        highest[slot] = Vector256.MaxNative(highest[slot], scores);
        return scores & Vector256.GreaterThan(scores, before * Higher);
    }

    [InlineArray(Slots)]
    private struct SlotArray
    {
#pragma warning disable S1144 // the element that the runtime repeats
        private Lanes first;
#pragma warning restore S1144
    }
}
