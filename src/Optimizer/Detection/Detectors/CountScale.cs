using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>Brings a sparse count to one scale: log(1 + count / usual count when there is any), so that zero stays zero and the unit does not matter.</summary>
internal struct CountScale
{
    private const float Memory = 500;

    public Lanes Usual, NonZero;

    public Lanes Observe(Lanes counts, Lanes present)
    {
        var isAny = Vector256.GreaterThan(counts, Lanes.Zero) & present;
        var isFirst = Vector256.Equals(NonZero, Lanes.Zero);
        var usual = Vector256.ConditionalSelect(isFirst & isAny, counts, Usual);
        NonZero += Lanes.One & isAny;
        var share = Vector256.MaxNative(Lanes.One / NonZero, Vector256.Create(1 / Memory));
        Usual = Vector256.ConditionalSelect(isAny, usual + (share * (Vector256.MinNative(counts, usual * 3) - usual)), Usual);
        return Vector256.Log(Lanes.One + (counts / usual)) & isAny;
    }
}
