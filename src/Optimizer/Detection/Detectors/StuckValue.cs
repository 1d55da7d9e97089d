using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

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
        var isSame = Vector256.Equals(values, Last) & Vector256.GreaterThan(seen, Lanes.Zero);
        // A run counts as a record only when it has ended: it is measured against the ones before it.
        var record = Vector256.ConditionalSelect(isSame, LongestRun, Vector256.MaxNative(LongestRun, Repeats + one));
        record = Vector256.MaxNative(one, one + ((record - one) * (1 - Fading)));
        var repeats = Vector256.ConditionalSelect(isSame, Repeats + one, Lanes.Zero);
        LongestRun = Vector256.ConditionalSelect(present, record, LongestRun);
        Repeats = Vector256.ConditionalSelect(present, repeats, Repeats);
        Last = Vector256.ConditionalSelect(present, values, Last);
        Changes += Lanes.One & present & ~isSame;
        return (repeats / record) & present & Vector256.GreaterThanOrEqual(Changes, Vector256.Create(warmUp / 2));
    }
}
