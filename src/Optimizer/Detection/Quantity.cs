using NetPulse.Telemetry.Units;

namespace NetPulse.Optimizer.Detection;

/// <summary>A measured value as people read it.</summary>
internal static class Quantity
{
    /// <param name="value">In the unit.</param>
    /// <param name="unit"><c>bytes/s</c>, <c>bytes</c>, <c>s</c>, <c>1/s</c>, or nothing for a share.</param>
    public static string Text(double value, string unit) => unit switch
    {
        "bytes/s" => new BytesPerSecond(value).ToString(),
        "s" => $"{value * 1000:0.0} ms",
        "1/s" => $"{value:0.0}/s",
        "" => $"{value * 100:0.00} %",
        _ => $"{value:0.##} {unit}",
    };
}
