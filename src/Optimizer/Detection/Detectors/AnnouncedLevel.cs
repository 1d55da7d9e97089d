using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>The level of a series around an announced change: learned faster while it lasts, and the one before it is not forgotten at once.</summary>
/// <remarks>
/// Nobody knows beforehand whether a change stays, as a new version does, or ends, as a backup does. So for <see cref="Remembered"/> points after the
/// announced time a value is judged by the nearer of the two levels; a fault that is far from both is as visible as ever.
/// </remarks>
internal struct AnnouncedLevel
{
    private const float Remembered = 128;

    /// <summary>Memory of the level while a change is announced, in points: a quarter of the usual.</summary>
    private const float Memory = 32;

    public Lanes Earlier, PointsLeft;

    /// <summary>Before a value is judged: lets <paramref name="level"/> and the earlier one change places where that one is nearer.</summary>
    public void Prepare(ref Lanes level, Lanes values, Lanes present, Lanes announced)
    {
        var begins = announced & present & Vector256.LessThanOrEqual(PointsLeft, Lanes.Zero);
        Earlier = Vector256.ConditionalSelect(begins, level, Earlier);
        var left = Vector256.ConditionalSelect(announced, Vector256.Create(Remembered), Vector256.MaxNative(PointsLeft - Lanes.One, Lanes.Zero));
        var isNearer = Vector256.LessThan(Vector256.Abs(values - Earlier), Vector256.Abs(values - level));
        var swap = present & ~announced & Vector256.GreaterThan(PointsLeft, Lanes.Zero) & isNearer;
        PointsLeft = Vector256.ConditionalSelect(present, left, PointsLeft);
        (level, Earlier) = (Vector256.ConditionalSelect(swap, Earlier, level), Vector256.ConditionalSelect(swap, level, Earlier));
    }

    /// <summary>The level after an announced value, unless the series is so young that it learns faster anyway.</summary>
    /// <param name="before">Level before that value.</param>
    /// <param name="usual">Level as it would be without an announcement.</param>
    /// <param name="learned">Lanes to learn in.</param>
    public static Lanes Learn(Lanes before, Lanes usual, Lanes values, Lanes learned) =>
        Vector256.ConditionalSelect(learned, before + ((values - before) * (1 / Memory)), usual);
}
