using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector512<float>;

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
        var isFirst = Vector512.Equals(seen, Lanes.Zero);
        var level = Vector512.ConditionalSelect(isFirst, values, Level);
        var scale = Vector512.MaxNative(Scale, Vector512.Create(memory.SmallestScale)) + (Vector512.Abs(level) * 1e-6f) + Vector512.Create(1e-12f);
        var distance = values - level;
        var far = Vector512.Create(Furthest);
        var score = Vector512.MinNative(Vector512.MaxNative(distance / scale, -far), far);
        var limit = Vector512.ConditionalSelect(Vector512.LessThan(seen, Vector512.Create(FreeUpdates)), Vector512.Create(float.MaxValue), scale * 3);
        var held = Vector512.MinNative(Vector512.MaxNative(distance, -limit), limit);
        Level = Vector512.ConditionalSelect(present, level + (Vector512.MaxNative(share, Vector512.Create(1 / memory.Level)) * held), Level);
        var pull = Vector512.MaxNative(share, Vector512.Create(1 / memory.Scale));
        Scale = Vector512.ConditionalSelect(present & ~isFirst, Scale + (pull * (Vector512.Abs(held) - Scale)), Scale);
        return score & present & Vector512.GreaterThanOrEqual(seen, Vector512.Create(WarmUp));
    }
}
