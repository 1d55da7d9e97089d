namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Measured values as people read them; "unknown" where nobody measured.</summary>
internal static class Text
{
    internal static string Bytes(double? value) => value switch
    {
        null => "unknown",
        < 10_000 => $"{value:0} B",
        < 10_000_000 => $"{value / 1000:0} kB",
        _ => $"{value / 1e6:0.0} MB",
    };

    internal static string Percent(double? share) => share is null ? "unknown" : share is > 0 and < 0.05 ? $"{share * 100:0.0} %" : $"{share * 100:0} %";

    internal static string PerSecond(double? value) => value is null ? "unknown" : $"{value:0.0}/s";

    internal static string Count(double? value) => value is null ? "unknown" : $"{value:0}";

    internal static string Ratio(double? value) => value is null ? "unknown" : $"{value:0.00}";

    internal static string Seconds(double? value) => value switch
    {
        null => "unknown",
        < 1 => $"{value * 1000:0.0} ms",
        _ => $"{value:0.0} s",
    };

    internal static string Time(TimeSpan? value) => value is null ? "unknown" : $"{value.Value.TotalMilliseconds:0.0} ms";
}
