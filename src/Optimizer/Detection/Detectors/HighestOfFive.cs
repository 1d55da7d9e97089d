using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector512<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>The highest of a lane's last five values: what is low here has been low five times in a row.</summary>
/// <remarks>Method: a run rule (Page, Biometrika 42, 1955), as the running maximum. Fewer than five values are taken as if the first had come before, too.</remarks>
internal struct HighestOfFive
{
    public Lanes First, Second, Third, Fourth;

    public Lanes Observe(Lanes values, Lanes present, Lanes seen)
    {
        var isFirst = present & Vector512.Equals(seen, Lanes.Zero);
        Second = Vector512.ConditionalSelect(isFirst, values, Second);
        Third = Vector512.ConditionalSelect(isFirst, values, Third);
        Fourth = Vector512.ConditionalSelect(isFirst, values, Fourth);
        First = Vector512.ConditionalSelect(isFirst, values, First);
        var highest = Vector512.MaxNative(Vector512.MaxNative(Vector512.MaxNative(First, Second), Vector512.MaxNative(Third, Fourth)), values);
        First = Vector512.ConditionalSelect(present, Second, First);
        Second = Vector512.ConditionalSelect(present, Third, Second);
        Third = Vector512.ConditionalSelect(present, Fourth, Third);
        Fourth = Vector512.ConditionalSelect(present, values, Fourth);
        return highest;
    }
}
