using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>The highest of a lane's last five values: what is low here has been low five times in a row.</summary>
/// <remarks>Method: a run rule (Page, Biometrika 42, 1955), as the running maximum. Fewer than five values are taken as if the first had come before, too.</remarks>
internal struct HighestOfFive
{
    public Lanes First, Second, Third, Fourth;

    public Lanes Observe(Lanes values, Lanes present, Lanes seen)
    {
        var isFirst = present & Vector256.Equals(seen, Lanes.Zero);
        Second = Vector256.ConditionalSelect(isFirst, values, Second);
        Third = Vector256.ConditionalSelect(isFirst, values, Third);
        Fourth = Vector256.ConditionalSelect(isFirst, values, Fourth);
        First = Vector256.ConditionalSelect(isFirst, values, First);
        var highest = Vector256.MaxNative(Vector256.MaxNative(Vector256.MaxNative(First, Second), Vector256.MaxNative(Third, Fourth)), values);
        First = Vector256.ConditionalSelect(present, Second, First);
        Second = Vector256.ConditionalSelect(present, Third, Second);
        Third = Vector256.ConditionalSelect(present, Fourth, Third);
        Fourth = Vector256.ConditionalSelect(present, values, Fourth);
        return highest;
    }
}
