using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector512<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>Brings a sparse count to one scale: log(1 + count / usual count when there is any), so that zero stays zero and the unit does not matter.</summary>
internal struct CountScale
{
    private const float Memory = 500;

    public Lanes Usual, NonZero;

    public Lanes Observe(Lanes counts, Lanes present)
    {
        var isAny = Vector512.GreaterThan(counts, Lanes.Zero) & present;
        var isFirst = Vector512.Equals(NonZero, Lanes.Zero);
        var usual = Vector512.ConditionalSelect(isFirst & isAny, counts, Usual);
        NonZero += Lanes.One & isAny;
        var share = Vector512.MaxNative(Lanes.One / NonZero, Vector512.Create(1 / Memory));
        Usual = Vector512.ConditionalSelect(isAny, usual + (share * (Vector512.MinNative(counts, usual * 3) - usual)), Usual);
        return Vector512.Log(Lanes.One + (counts / usual)) & isAny;
    }
}
