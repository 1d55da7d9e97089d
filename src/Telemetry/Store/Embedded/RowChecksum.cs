using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>CRC-32C over all that a row of a day file holds.</summary>
internal sealed class RowChecksum
{
    private readonly WireWriter content = new();

    public uint Of(ReadOnlySpan<byte> data, params ReadOnlySpan<long> numbers)
    {
        content.Clear();
        foreach (var number in numbers)
        {
            content.Fixed64((ulong)number);
        }

        content.Bytes(data);
        return Crc32C.Of(content.Written);
    }
}
