using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>
/// For a series of which only its past is known: the value, the value without its slow level, and its distance from the usual hour of the week, each by
/// range novelty; two of three points far from that hour; a jump. The strongest speaks.
/// </summary>
/// <remarks>Weights bring each to about one where it matters (docs/detection.md says on which data). The first week has no hour of the week.</remarks>
internal sealed class LevelDetector(int blocks, float warmUp)
{
    private const float RangeWeight = 1 / 0.17f;
    private const float HourWeight = 0.02f / 0.17f;
    private const float JumpWeight = 0.2f / 0.17f;
    private const float SlowLevel = 64;

    /// <summary>Deviations beyond which a distance from the hour says no more: how far a heavy tail reaches is no measure of an event.</summary>
    private const float MostFromHour = 14;

    private static readonly ResidualMemory HourMemory = new(256, 1000);
    private static readonly ResidualMemory JumpMemory = new(256, 300);

    private readonly BlockState[] states = new BlockState[blocks];
    private readonly HourOfWeek hours = new(blocks);
    private readonly HourlyRecord jumps = new(blocks);

    public long StateBytes => ((long)states.Length * Unsafe.SizeOf<BlockState>()) + hours.StateBytes + jumps.StateBytes;

    public void Visit(StatePart visit)
    {
        visit(BankState.VectorsOf(states));
        hours.Visit(visit);
        jumps.Visit(visit);
    }

    public Lanes Observe(int block, TimeOfWeek time, Lanes values, Lanes present)
    {
        ref var state = ref states[block];
        var seen = state.Seen;
        var share = Lanes.One / (seen + Lanes.One);
        var score = state.Value.Observe(values, values, present, seen, warmUp, falls: true);

        var level = Vector256.ConditionalSelect(Vector256.Equals(seen, Lanes.Zero), values, state.Slow);
        level += Vector256.MaxNative(share, Vector256.Create(1 / SlowLevel)) * (values - level);
        state.Slow = Vector256.ConditionalSelect(present, level, state.Slow);
        score = Vector256.MaxNative(score, state.Detrended.Observe(values - level, values - level, present, seen, warmUp, falls: true));

        var known = hours.Observe(block, time, values, present, out var residuals);
        score = Vector256.MaxNative(score, state.OfHour.Observe(residuals, residuals, known, state.SeenInHour, warmUp, falls: true)) * RangeWeight;

        var shareInHour = Lanes.One / (state.SeenInHour + Lanes.One);
        var distance = state.FromHour.Observe(residuals, known, state.SeenInHour, shareInHour, HourMemory);
        var twoOfThree = Vector256.Abs(state.HourDistance.Observe(distance, known));
        score = Vector256.MaxNative(score, Vector256.MinNative(twoOfThree, Vector256.Create(MostFromHour)) * HourWeight);

        var hasBefore = present & Vector256.GreaterThan(seen, Lanes.Zero);
        var steps = seen - Lanes.One;
        var jump = Vector256.Abs(state.Step.Observe(values - state.Before, hasBefore, steps, Lanes.One / seen, JumpMemory));
        score = Vector256.MaxNative(score, jumps.Observe(block, time.HourOfDay, jump, hasBefore) * JumpWeight);

        state.Before = Vector256.ConditionalSelect(present, values, state.Before);
        state.Seen += Lanes.One & present;
        state.SeenInHour += Lanes.One & known;
        return score & present & Vector256.GreaterThanOrEqual(seen, Vector256.Create(warmUp));
    }

    /// <summary>The range that the values have kept.</summary>
    public (Lanes Low, Lanes High) Normal(int block) => (states[block].Value.Low, states[block].Value.High);

    internal struct BlockState
    {
        public Lanes Seen, SeenInHour, Slow, Before;
        public RangeNovelty Value, Detrended, OfHour;
        public RobustResidual FromHour, Step;
        public MedianOfThree HourDistance;
    }
}
