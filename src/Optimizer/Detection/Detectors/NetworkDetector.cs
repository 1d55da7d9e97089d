using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NetPulse.Optimizer.Detection.Preparation;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>
/// For latency, throughput and counts, on a logarithmic scale: two of three points far from the robust level; range novelty; a value that is stuck.
/// The strongest speaks.
/// </summary>
/// <remarks>
/// A rise matters for latency and counts, both directions for throughput. Throughput has owners who change it: below half or above twice the usual it begins
/// to matter, and a fall has to last five points, since a restart's ends sooner. A count may stand at zero for ever, so a stuck one is nothing.
/// </remarks>
internal sealed class NetworkDetector(SignalKind kind, int blocks, float warmUp)
{
    /// <summary>Mean absolute deviations from the level that make an event.</summary>
    private const float FarFromLevel = 5;
    private const float LevelWeight = 1 / FarFromLevel;
    private const float RangeWeight = 0.4f;
    private const float StuckWeight = 0.2f;

    /// <summary>The normal range reaches no further than a factor of a hundred either way: how far a series jumps that mostly idles is no measure of what is normal.</summary>
    private static readonly Lanes LongestReach = Vector256.Create(MathF.Log(100));

    /// <summary>Of the logarithm of a throughput: a factor of two beyond it scores as much as one beyond the level, 1.1.</summary>
    private const float SmallestRange = 0.25f;

    private readonly ResidualMemory memory = new(128, 1000, SmallestDeviation(kind));
    private readonly BlockState[] states = new BlockState[blocks];

    public long StateBytes => (long)states.Length * Unsafe.SizeOf<BlockState>();

    public void Visit(StatePart visit) => visit(BankState.VectorsOf(states));

    /// <param name="announced">Lanes whose change was announced: they learn faster.</param>
    public Lanes Observe(int block, Lanes values, Lanes present, Lanes announced)
    {
        ref var state = ref states[block];
        var seen = state.Seen;
        var share = Lanes.One / (seen + Lanes.One);
        var isCount = kind == SignalKind.Count;
        var isThroughput = kind == SignalKind.Throughput;
        var scaled = isCount
            ? state.Count.Observe(values, present)
            : Vector256.Log(Vector256.MaxNative(values, Vector256.Create(1e-9f)));

        state.Announced.Prepare(ref state.Level.Level, scaled, present, announced);
        var before = state.Level.Level;
        var deviation = state.Level.Observe(scaled, present, seen, share, memory);
        var learned = announced & present & Vector256.GreaterThan(seen, Vector256.Create(RobustResidual.FreeUpdates));
        state.Level.Level = AnnouncedLevel.Learn(before, state.Level.Level, scaled, learned);
        var far = Vector256.MaxNative(state.Deviation.Observe(deviation, present), Lanes.Zero);
        var held = scaled;
        if (isThroughput)
        {
            held = state.HeldValue.Observe(scaled, present, seen);
            far = Vector256.MaxNative(far, -state.HeldDeviation.Observe(deviation, present, seen));
        }

        var novelty = state.Value.Observe(scaled, held, present, seen, warmUp, isThroughput, isThroughput ? SmallestRange : 0);
        var score = Vector256.MaxNative(far * LevelWeight, novelty * RangeWeight);
        if (!isCount)
        {
            score = Vector256.MaxNative(score, state.Stuck.Observe(values, present, seen, warmUp) * StuckWeight);
        }

        state.Seen += Lanes.One & present;
        return score & present & Vector256.GreaterThanOrEqual(seen, Vector256.Create(warmUp));
    }

    /// <summary>Values nearer to the level than what makes an event; in the unit of the values.</summary>
    public (Lanes Low, Lanes High) Normal(int block)
    {
        ref readonly var state = ref states[block];
        var reach = Vector256.MinNative(FarFromLevel * Vector256.MaxNative(state.Level.Scale, Vector256.Create(memory.SmallestScale)), LongestReach);
        var high = Vector256.Exp(state.Level.Level + reach);
        return kind == SignalKind.Count ? (Lanes.Zero, (high - Lanes.One) * state.Count.Usual) : (Vector256.Exp(state.Level.Level - reach), high);
    }

    /// <summary>
    /// Smallest mean absolute deviation of a logarithm: 2 % of a time; of counts, whose noise is mostly zeros, 40 %; of a throughput what makes a factor of two
    /// score 1.1, the usual threshold of an alert.
    /// </summary>
    private static float SmallestDeviation(SignalKind kind) => kind switch
    {
        SignalKind.Count => 0.4f,
        SignalKind.Throughput => MathF.Log(2) / (1.1f * FarFromLevel),
        _ => 0.02f,
    };

    internal struct BlockState
    {
        public Lanes Seen;
        public CountScale Count;
        public RobustResidual Level;
        public AnnouncedLevel Announced;
        public MedianOfThree Deviation;
        public HighestOfFive HeldValue, HeldDeviation;
        public RangeNovelty Value;
        public StuckValue Stuck;
    }
}
