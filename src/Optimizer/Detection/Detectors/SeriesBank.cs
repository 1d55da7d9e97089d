using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NetPulse.Optimizer.Detection.Calibration;
using NetPulse.Optimizer.Detection.Preparation;
using Lanes = System.Runtime.Intrinsics.Vector256<float>;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>Many series of one kind that are read at the same times, eight to a block. Streaming: a point is judged by what came before it.</summary>
/// <remarks>
/// A value that is missing (NaN) or infinite scores zero and changes nothing. A point no later than the last is dropped and counted. A score of about one is
/// an event; the first values of a series, <see cref="UsualWarmUp"/> unless told otherwise, score zero. Values are floats: a change below 1e-7 of the value is not seen.
/// </remarks>
public sealed class SeriesBank
{
    /// <summary>Beyond it a value counts as this: squares and sums stay finite.</summary>
    private const float Largest = 1e18f;

    /// <summary>Values before a new series is judged.</summary>
    public const int UsualWarmUp = 150;

    private readonly LevelDetector? level;
    private readonly NetworkDetector? network;
    private readonly HighestOfLast[] gates;
    private readonly AlertThreshold[] thresholds;
    private readonly byte[] alerts;
    private readonly AlertBudget budget;
    private readonly int warmUp;
    private AlertPace pace;
    private long paceMilliseconds = -1;
    private long lastUnixMilliseconds = long.MinValue;
    private long points;

    /// <param name="kind">Of all of them.</param>
    /// <param name="series">How many.</param>
    /// <param name="falseAlarmsPerDay">Budget of one series.</param>
    /// <param name="warmUp">Values before a new series is judged.</param>
    public SeriesBank(SignalKind kind, int series, double falseAlarmsPerDay = AlertBudget.UsualFalseAlarmsPerDay, int warmUp = UsualWarmUp)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(series);
        ArgumentOutOfRangeException.ThrowIfLessThan(warmUp, 10);
        budget = new AlertBudget(falseAlarmsPerDay);
        this.warmUp = warmUp;
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

    /// <summary>Continues where <see cref="Save"/> was called: the next point scores as if there had been no restart.</summary>
    /// <exception cref="InvalidDataException">Not such bytes, cut off, damaged, or of another version.</exception>
    public static SeriesBank Restore(byte[] saved, double falseAlarmsPerDay = AlertBudget.UsualFalseAlarmsPerDay)
    {
        var shape = BankState.ReadShape(saved);
        var bank = new SeriesBank(shape.Kind, shape.Series, falseAlarmsPerDay, shape.WarmUp)
        {
            lastUnixMilliseconds = shape.LastUnixMilliseconds,
            points = shape.Points,
            DroppedPoints = shape.DroppedPoints,
        };
        BankState.ReadParts(saved, bank.Visit);
        return bank;
    }

    /// <summary>All that a restart needs, with version and checksum.</summary>
    public byte[] Save() => BankState.Write(new BankState.Shape(Kind, Series, warmUp, lastUnixMilliseconds, points, DroppedPoints), Visit);

    /// <summary>Whether the last point of a series is an alert.</summary>
    public bool IsAlert(int series) => (alerts[series / Lanes.Count] >> (series % Lanes.Count) & 1) != 0;

    /// <summary>What the next value of a series may be without being news.</summary>
    public NormalRange Normal(int series) =>
        level?.Normal(series / Lanes.Count, series % Lanes.Count) ?? network!.Normal(series / Lanes.Count, series % Lanes.Count);

    /// <summary>One point of every series.</summary>
    /// <param name="unixMilliseconds">When; the hour of the week is UTC's.</param>
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

        SetPace(points == 0 ? 0 : unixMilliseconds - lastUnixMilliseconds);
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
            var passed = gates[block].Pass(score, points);
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

        points++;
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

    private void Visit(StatePart visit)
    {
        level?.Visit(visit);
        network?.Visit(visit);
        visit(BankState.BytesOf(gates));
        visit(BankState.BytesOf(thresholds));
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
