using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector512<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>How often a value has repeated itself, in units of the longest run that its series has had.</summary>
/// <remarks>Method: runs (Wald and Wolfowitz, 1940) against their own record, which fades slowly. Before a series has changed half as often as the warm-up has values it answers zero: one that was always constant is not stuck.</remarks>
internal struct StuckValue
{
    private const float Fading = 1e-4f;

    public Lanes Last, Repeats, LongestRun, Changes;

    public Lanes Observe(Lanes values, Lanes present, Lanes seen, float warmUp)
    {
        var one = Lanes.One;
        var isSame = Vector512.Equals(values, Last) & Vector512.GreaterThan(seen, Lanes.Zero);
        // A run counts as a record only when it has ended: it is measured against the ones before it.
        var record = Vector512.ConditionalSelect(isSame, LongestRun, Vector512.MaxNative(LongestRun, Repeats + one));
        record = Vector512.MaxNative(one, one + ((record - one) * (1 - Fading)));
        var repeats = Vector512.ConditionalSelect(isSame, Repeats + one, Lanes.Zero);
        LongestRun = Vector512.ConditionalSelect(present, record, LongestRun);
        Repeats = Vector512.ConditionalSelect(present, repeats, Repeats);
        Last = Vector512.ConditionalSelect(present, values, Last);
        Changes += Lanes.One & present & ~isSame;
        return (repeats / record) & present & Vector512.GreaterThanOrEqual(Changes, Vector512.Create(warmUp / 2));
    }
}
