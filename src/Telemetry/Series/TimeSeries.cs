namespace NetPulse.Telemetry.Series;

/// <summary>One series' samples as two columns of equal length, ascending in time, one sample a time.</summary>
/// <param name="Labels">Whose they are.</param>
/// <param name="UnixMilliseconds">When each was read.</param>
/// <param name="Values">In the metric's unit.</param>
public sealed record TimeSeries(LabelSet Labels, ReadOnlyMemory<long> UnixMilliseconds, ReadOnlyMemory<double> Values)
{
    public int Count => UnixMilliseconds.Length;

    public DateTimeOffset At(int index) => DateTimeOffset.FromUnixTimeMilliseconds(UnixMilliseconds.Span[index]);
}

/// <summary>A span of time, both ends included.</summary>
public readonly record struct TimeRange(DateTimeOffset From, DateTimeOffset To)
{
    public static TimeRange Before(DateTimeOffset end, TimeSpan length) => new(end - length, end);
}
