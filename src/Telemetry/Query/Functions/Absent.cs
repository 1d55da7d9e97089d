namespace NetPulse.Telemetry.Query.Functions;

/// <summary>The one bit pattern that stands for "no value at this step", and in a store for "the series ended here".</summary>
/// <remarks>
/// Source: Prometheus, model/value (StaleNaN). It is a signalling NaN, which no calculation gives: arithmetic makes NaNs quiet. So a column
/// of results needs no second column that tells which of them are there.
/// </remarks>
internal static class Absent
{
    public const long Bits = 0x7ff0_0000_0000_0002;

    public static readonly double Value = BitConverter.Int64BitsToDouble(Bits);

    public static bool Is(double value) => BitConverter.DoubleToInt64Bits(value) == Bits;
}
