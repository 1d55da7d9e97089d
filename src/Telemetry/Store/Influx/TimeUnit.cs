namespace NetPulse.Telemetry.Store.Influx;

/// <summary>In what line protocol counts time, since 1970.</summary>
public enum TimeUnit
{
    Nanoseconds,
    Microseconds,
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
}

public static class TimeUnits
{
    /// <summary>As <c>precision</c> names it: n, ns, u, us, µ, ms, s, m or h; nanoseconds where it names none.</summary>
    /// <exception cref="FormatException">It names another.</exception>
    public static TimeUnit Parse(string? precision) => precision switch
    {
        null or "" or "n" or "ns" => TimeUnit.Nanoseconds,
        "u" or "us" or "µ" => TimeUnit.Microseconds,
        "ms" => TimeUnit.Milliseconds,
        "s" => TimeUnit.Seconds,
        "m" => TimeUnit.Minutes,
        "h" => TimeUnit.Hours,
        _ => throw new FormatException($"precision \"{precision}\" is none of n, ns, u, us, ms, s, m, h"),
    };

    internal static Int128 ToMilliseconds(this TimeUnit unit, long number) => unit switch
    {
        TimeUnit.Nanoseconds => number / 1_000_000,
        TimeUnit.Microseconds => number / 1000,
        TimeUnit.Milliseconds => number,
        TimeUnit.Seconds => (Int128)number * 1000,
        TimeUnit.Minutes => (Int128)number * 60_000,
        _ => (Int128)number * 3_600_000,
    };
}
