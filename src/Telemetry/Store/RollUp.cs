using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Store;

/// <summary>How long a roll-up is. The value is in milliseconds.</summary>
public enum RollUpLength
{
    FiveMinutes = 300_000,
    Hour = 3_600_000,
}

/// <summary>What is kept of one series' samples after the end of the roll-up before and up to and including <see cref="End"/>. Staleness markers are not among them.</summary>
/// <param name="End">Unix milliseconds, a multiple of the length.</param>
/// <param name="Count">At least 1.</param>
/// <param name="FirstAt">When the first was read, in Unix milliseconds.</param>
/// <param name="First">Its value.</param>
/// <param name="LastAt">When the last was read, in Unix milliseconds.</param>
/// <param name="Last">Its value.</param>
/// <param name="Sum">Of all.</param>
/// <param name="Min">NaN only when all are.</param>
/// <param name="Max">NaN only when all are.</param>
/// <param name="LostToResets">Sum of the values that were followed by a smaller one: a counter's increase is last − first + this.</param>
/// <param name="Sketch">Of all values; empty where it was not asked for.</param>
public readonly record struct RollUp(
    long End, long Count, long FirstAt, double First, long LastAt, double Last, double Sum, double Min, double Max, double LostToResets, QuantileSketch Sketch)
{
    /// <summary>Where a sample is rolled up, in Unix milliseconds.</summary>
    public static long EndOf(long unixMilliseconds, RollUpLength length) => (unixMilliseconds + (long)length - 1) / (long)length * (long)length;

    /// <summary>The last sample alone.</summary>
    public RollUp LastAlone() => this with { Count = 1, FirstAt = LastAt, First = Last, Sum = Last, Min = Last, Max = Last, LostToResets = 0, Sketch = default };

    /// <summary>This and the one that follows as one, but for the sketch.</summary>
    public RollUp Then(in RollUp later) => later with
    {
        Count = Count + later.Count,
        FirstAt = FirstAt,
        First = First,
        Sum = Sum + later.Sum,
        Min = later.Min < Min || double.IsNaN(Min) ? later.Min : Min,
        Max = later.Max > Max || double.IsNaN(Max) ? later.Max : Max,
        LostToResets = LostToResets + (later.First < Last ? Last : 0) + later.LostToResets,
        Sketch = default,
    };
}

/// <summary>One series' roll-ups.</summary>
/// <param name="Labels">Whose they are.</param>
/// <param name="RollUps">Ascending in time. Where a day begins two may have the same end, the later with the samples of that very millisecond.</param>
public sealed record RolledSeries(LabelSet Labels, IReadOnlyList<RollUp> RollUps);

/// <summary>Since when a store has samples themselves, and until when roll-ups of them.</summary>
/// <param name="SamplesFrom">Before it there are roll-ups alone.</param>
/// <param name="RolledUntil">From here on there are samples alone.</param>
public readonly record struct RolledSpan(DateTimeOffset SamplesFrom, DateTimeOffset RolledUntil);
