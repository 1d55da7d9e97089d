using System.Numerics;
using System.Runtime.InteropServices;

namespace NetPulse.Telemetry.Store.Wire;

/// <summary>CRC-32C (Castagnoli), by the processor's own instruction where it has one.</summary>
public static class Crc32C
{
    public static uint Of(ReadOnlySpan<byte> bytes) => ~Continue(uint.MaxValue, bytes);

    /// <summary>Of the numbers, little-endian, and then the bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes, ReadOnlySpan<long> numbers) =>
        ~Continue(Continue(uint.MaxValue, MemoryMarshal.AsBytes(numbers)), bytes);

    private static uint Continue(uint crc, ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (var last in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, last);
        }

        return crc;
    }
}
