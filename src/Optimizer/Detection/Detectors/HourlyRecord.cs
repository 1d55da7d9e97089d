using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>A score against the highest ones of the same hour of the day, and of the last hundreds of points.</summary>
/// <remarks>Method: normalising by the record of one's own past, with fading memory. So a jump that comes every day at nine is no news from the second day on.</remarks>
internal sealed class HourlyRecord(int blocks)
{
    private const int Hours = 24;
    private const float FadingOfHour = 1e-3f;
    private const float FadingOfRecent = 2e-3f;

    /// <summary>Deviations that are added to a record: below some six of them a score says little, whatever the record.</summary>
    private const float Ground = 6;

    private readonly Lanes[] highest = new Lanes[blocks * Hours];
    private readonly Lanes[] recent = new Lanes[blocks];

    public long StateBytes => (long)(highest.Length + recent.Length) * Unsafe.SizeOf<Lanes>();

    public void Visit(StatePart visit)
    {
        visit(BankState.VectorsOf(highest));
        visit(BankState.VectorsOf(recent));
    }

    public Lanes Observe(int block, int hourOfDay, Lanes scores, Lanes present)
    {
        ref var ofHour = ref highest[(block * Hours) + hourOfDay];
        ref var ofLate = ref recent[block];
        var share = scores / (Vector256.MaxNative(ofHour, ofLate) + Vector256.Create(Ground));
        ofHour = Vector256.ConditionalSelect(present, Vector256.MaxNative(ofHour * (1 - FadingOfHour), scores), ofHour);
        ofLate = Vector256.ConditionalSelect(present, Vector256.MaxNative(ofLate * (1 - FadingOfRecent), scores), ofLate);
        return share & present;
    }
}
