using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>The median of a lane's last three values: two of three must deviate to the same side, so one stray point is nothing and a gap between is bridged.</summary>
/// <remarks>Method: running median (Tukey, 1977).</remarks>
internal struct MedianOfThree
{
    public Lanes Last, BeforeLast;

    public Lanes Observe(Lanes values, Lanes present)
    {
        var lower = Vector256.MinNative(values, Last);
        var upper = Vector256.MaxNative(values, Last);
        var median = Vector256.MaxNative(lower, Vector256.MinNative(upper, BeforeLast));
        BeforeLast = Vector256.ConditionalSelect(present, Last, BeforeLast);
        Last = Vector256.ConditionalSelect(present, values, Last);
        return median & present;
    }
}
