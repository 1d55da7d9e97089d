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

    /// <summary>Values in the first slot so far, by series.</summary>
    private Lanes values;

    /// <param name="scores">Zero where none is present.</param>
    /// <param name="present">Series that have a value; the others' memory stands still.</param>
    public Lanes Pass(Lanes scores, Lanes present)
    {
        var begins = present & Vector256.Equals(values, Lanes.Zero);
        if (begins.ExtractMostSignificantBits() != 0)
        {
            for (var i = Slots - 1; i > 0; i--)
            {
                highest[i] = Vector256.ConditionalSelect(begins, highest[i - 1], highest[i]);
            }

            highest[0] &= ~begins;
        }

        var before = highest[0];
        for (var i = 1; i < Slots; i++)
        {
            before = Vector256.MaxNative(before, highest[i]);
        }

        highest[0] = Vector256.MaxNative(highest[0], scores);
        var counted = values + (Lanes.One & present);
        values = counted & Vector256.LessThan(counted, Vector256.Create((float)Points / Slots));
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
