using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NetPulse.Optimizer.Detection.Calibration;
using NetPulse.Optimizer.Detection.Preparation;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>Many series of one kind, eight to a block. Streaming: a point is judged by what came before it.</summary>
/// <remarks>
/// A value that is missing (NaN) or infinite scores zero and changes nothing. Points no later than the last are dropped and counted. A score of about one is
/// an event; the first values of a series, <see cref="UsualWarmUp"/> unless told otherwise, score zero. Values are floats: a change below 1e-7 of the value is not seen.
/// </remarks>
public sealed class SeriesBank
{
    /// <summary>Beyond it a value counts as this: squares and sums stay finite.</summary>
    private const float Largest = 1e18f;

    /// <summary>Values before a new series is judged.</summary>
    public const int UsualWarmUp = 150;

    /// <summary>That share their vectors; a bank of fewer costs as much.</summary>
    public static readonly int SeriesPerBlock = Lanes.Count;

    private readonly LevelDetector? level;
    private readonly NetworkDetector? network;
    private readonly HighestOfLast[] gates;
    private readonly AlertThreshold[] thresholds;
    private readonly byte[] alerts;
    private readonly AlertBudget budget;
    private AlertPace pace;
    private long paceMilliseconds = -1;
    private long lastUnixMilliseconds = long.MinValue;

    /// <param name="kind">Of all of them.</param>
    /// <param name="series">How many.</param>
    /// <param name="falseAlarmsPerDay">Budget of one series.</param>
    /// <param name="warmUp">Values before a new series is judged.</param>
    public SeriesBank(SignalKind kind, int series, double falseAlarmsPerDay = AlertBudget.UsualFalseAlarmsPerDay, int warmUp = UsualWarmUp)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(series);
        ArgumentOutOfRangeException.ThrowIfLessThan(warmUp, 10);
        budget = new AlertBudget(falseAlarmsPerDay);
        Kind = kind;
        Series = series;
        var blocks = (series + Lanes.Count - 1) / Lanes.Count;
        gates = new HighestOfLast[blocks];
        thresholds = new AlertThreshold[blocks];
        alerts = new byte[blocks];
        if (kind == SignalKind.Level)
        {
            level = new LevelDetector(blocks, warmUp);
        }
        else
        {
            network = new NetworkDetector(kind, blocks, warmUp);
        }
    }

    public SignalKind Kind { get; }

    public int Series { get; }

    /// <summary>What is kept for a series, all tables and gates included.</summary>
    public double StateBytesPerSeries =>
        ((level?.StateBytes ?? network!.StateBytes) + (gates.Length * (long)(Unsafe.SizeOf<HighestOfLast>() + Unsafe.SizeOf<AlertThreshold>()))) / (double)(gates.Length * Lanes.Count);

    /// <summary>Points that were not later than the one before.</summary>
    public long DroppedPoints { get; private set; }

    /// <summary>All that a restart needs of one series: its floats, little-endian, in the order of this version's detectors.</summary>
    public byte[] Save(int series)
    {
        var saved = new byte[(int)StateBytesPerSeries];
        var at = 0;
        Visit(series, (ref float value) =>
        {
            BinaryPrimitives.WriteSingleLittleEndian(saved.AsSpan(at), value);
            at += sizeof(float);
        });
        return saved;
    }

    /// <summary>Continues a series where <see cref="Save"/> was called: its next point scores as if there had been no restart.</summary>
    /// <exception cref="InvalidDataException">Not the state of a series of this kind; nothing was changed.</exception>
    public void Restore(int series, ReadOnlyMemory<byte> saved)
    {
        if (saved.Length != (int)StateBytesPerSeries)
        {
            throw new InvalidDataException($"{saved.Length} bytes are no state of a series of kind {Kind}, which has {(int)StateBytesPerSeries}; remove it, and it learns anew");
        }

        var at = 0;
        Visit(series, (ref float value) =>
        {
            value = BinaryPrimitives.ReadSingleLittleEndian(saved.Span[at..]);
            at += sizeof(float);
        });
    }

    /// <summary>The series in this place is another from now on.</summary>
    public void Clear(int series) => Visit(series, static (ref float value) => value = 0);

    /// <summary>Whether the last point of a series is an alert.</summary>
    public bool IsAlert(int series) => (alerts[series / Lanes.Count] >> (series % Lanes.Count) & 1) != 0;

    /// <summary>What the next value of a series may be without being news.</summary>
    public NormalRange Normal(int series)
    {
        var (low, high) = level?.Normal(series / Lanes.Count) ?? network!.Normal(series / Lanes.Count);
        return new NormalRange(low[series % Lanes.Count], high[series % Lanes.Count]);
    }

    /// <summary>The same for every series, before the point that is to be compared with it.</summary>
    public void Normal(Span<float> low, Span<float> high)
    {
        Span<float> partial = stackalloc float[Lanes.Count];
        for (var block = 0; block < gates.Length; block++)
        {
            var first = block * Lanes.Count;
            var count = Math.Min(Lanes.Count, Series - first);
            var (lows, highs) = level?.Normal(block) ?? network!.Normal(block);
            lows.CopyTo(partial);
            partial[..count].CopyTo(low[first..]);
            highs.CopyTo(partial);
            partial[..count].CopyTo(high[first..]);
        }
    }

    /// <summary>One point of every series.</summary>
    /// <param name="unixMilliseconds">When, for all of them; the hour of the week is UTC's.</param>
    /// <param name="values">One a series; NaN where none was measured.</param>
    /// <param name="announced">Series whose change was announced: they learn, four times as fast where they are no <see cref="SignalKind.Level"/>, and score zero. Empty when there are none.</param>
    /// <param name="raw">Dense scores.</param>
    /// <param name="gated">The scores that may alert; zero elsewhere.</param>
    public void Observe(long unixMilliseconds, ReadOnlySpan<float> values, ReadOnlySpan<bool> announced, Span<float> raw, Span<float> gated)
    {
        if (unixMilliseconds <= lastUnixMilliseconds)
        {
            DroppedPoints++;
            alerts.AsSpan().Clear();
            raw[..Series].Clear();
            gated[..Series].Clear();
            return;
        }

        SetPace(lastUnixMilliseconds == long.MinValue ? 0 : unixMilliseconds - lastUnixMilliseconds);
        lastUnixMilliseconds = unixMilliseconds;
        var time = level is null ? default : TimeOfWeek.At(unixMilliseconds);
        var largest = Vector256.Create(Largest);
        Span<float> partial = stackalloc float[Lanes.Count];
        for (var block = 0; block < gates.Length; block++)
        {
            var first = block * Lanes.Count;
            var isWhole = first + Lanes.Count <= Series;
            Lanes read;
            if (isWhole)
            {
                read = Vector256.Create(values[first..]);
            }
            else
            {
                partial.Fill(float.NaN);
                values[first..Series].CopyTo(partial);
                read = Vector256.Create<float>(partial);
            }

            var present = Vector256.LessThan(Vector256.Abs(read), Vector256.Create(float.PositiveInfinity));
            read = Vector256.MinNative(Vector256.MaxNative(read & present, -largest), largest);
            var expected = announced.IsEmpty ? Lanes.Zero : Expected(announced[first..Math.Min(first + Lanes.Count, Series)]);
            var score = (level is null ? network!.Observe(block, read, present, expected) : level.Observe(block, time, read, present)) & ~expected;
            var passed = gates[block].Pass(score, present);
            alerts[block] = (byte)thresholds[block].Exceeds(passed, pace).ExtractMostSignificantBits();
            if (isWhole)
            {
                score.CopyTo(raw[first..]);
                passed.CopyTo(gated[first..]);
            }
            else
            {
                score.CopyTo(partial);
                partial[..(Series - first)].CopyTo(raw[first..]);
                passed.CopyTo(partial);
                partial[..(Series - first)].CopyTo(gated[first..]);
            }
        }
    }

    /// <summary>The pace of the alerts' memory; most points come as far apart as the two before.</summary>
    private void SetPace(long milliseconds)
    {
        if (milliseconds != paceMilliseconds)
        {
            paceMilliseconds = milliseconds;
            pace = budget.Pace(milliseconds / 86_400_000.0);
        }
    }

    private void Visit(int series, LaneValue visit)
    {
        StatePart part = vectors => BankState.Visit(vectors, gates.Length, series, visit);
        level?.Visit(part);
        network?.Visit(part);
        part(BankState.VectorsOf(gates));
        part(BankState.VectorsOf(thresholds));
    }

    /// <summary>All bits where the change was announced.</summary>
    private static Lanes Expected(ReadOnlySpan<bool> announced)
    {
        Span<float> mask = stackalloc float[Lanes.Count];
        for (var lane = 0; lane < announced.Length; lane++)
        {
            mask[lane] = announced[lane] ? BitConverter.Int32BitsToSingle(-1) : 0;
        }

        return Vector256.Create<float>(mask);
    }
}
