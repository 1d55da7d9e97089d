using System.Buffers.Text;

namespace NetPulse.Telemetry.Store.Wire;

/// <summary>Numbers as text, as Prometheus and InfluxDB write them.</summary>
internal static class DecimalText
{
    /// <summary>Decimal, with an exponent or not, NaN, and infinities with or without sign.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out double value)
    {
        if (Utf8Parser.TryParse(text, out value, out var used) && used == text.Length && double.IsFinite(value))
        {
            return true;
        }

        value = text switch
        {
            [(byte)'N', (byte)'a', (byte)'N'] => double.NaN,
            [(byte)'+', (byte)'I', (byte)'n', (byte)'f'] or [(byte)'I', (byte)'n', (byte)'f'] => double.PositiveInfinity,
            [(byte)'-', (byte)'I', (byte)'n', (byte)'f'] => double.NegativeInfinity,
            _ => 0,
        };
        return value != 0;
    }
}
