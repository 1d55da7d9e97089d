using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>How long a residual's level and scale remember, in points.</summary>
/// <param name="Level">Of the level.</param>
/// <param name="Scale">Of the scale.</param>
/// <param name="SmallestScale">In the series' own unit; a scale below it is taken as this.</param>
internal readonly record struct ResidualMemory(float Level, float Scale, float SmallestScale = 0);

/// <summary>A value's distance from its running level, in running mean absolute deviations.</summary>
/// <remarks>
/// Method: exponential smoothing whose updates are Huber's (Gelper, Fried and Croux, Journal of Forecasting 29, 2010): no point moves level or scale by more
/// than three deviations, so a fault does not become the normal at once. The first <see cref="WarmUp"/> values answer zero.
/// </remarks>
internal struct RobustResidual
{
    private const float WarmUp = 10;

    /// <summary>Values that build level and scale as they come, before updates are held to three deviations.</summary>
    internal const float FreeUpdates = 30;
    private const float Furthest = 1000;

    public Lanes Level, Scale;

    /// <param name="seen">Values before this one.</param>
    /// <param name="share">1/(<paramref name="seen"/> + 1).</param>
    public Lanes Observe(Lanes values, Lanes present, Lanes seen, Lanes share, in ResidualMemory memory)
    {
        var isFirst = Vector256.Equals(seen, Lanes.Zero);
        var level = Vector256.ConditionalSelect(isFirst, values, Level);
        var scale = Vector256.MaxNative(Scale, Vector256.Create(memory.SmallestScale)) + (Vector256.Abs(level) * 1e-6f) + Vector256.Create(1e-12f);
        var distance = values - level;
        var far = Vector256.Create(Furthest);
        var score = Vector256.MinNative(Vector256.MaxNative(distance / scale, -far), far);
        var limit = Vector256.ConditionalSelect(Vector256.LessThan(seen, Vector256.Create(FreeUpdates)), Vector256.Create(float.MaxValue), scale * 3);
        var held = Vector256.MinNative(Vector256.MaxNative(distance, -limit), limit);
        Level = Vector256.ConditionalSelect(present, level + (Vector256.MaxNative(share, Vector256.Create(1 / memory.Level)) * held), Level);
        var pull = Vector256.MaxNative(share, Vector256.Create(1 / memory.Scale));
        Scale = Vector256.ConditionalSelect(present & ~isFirst, Scale + (pull * (Vector256.Abs(held) - Scale)), Scale);
        return score & present & Vector256.GreaterThanOrEqual(seen, Vector256.Create(WarmUp));
    }
}
