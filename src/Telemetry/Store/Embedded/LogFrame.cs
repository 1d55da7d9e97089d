using System.Buffers.Binary;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>How records stand one behind the other in a log file.</summary>
/// <remarks>
/// <code>
/// [length u32] [length inverted u32] [CRC-32C of the payload u32] [payload]
/// </code>
/// The second length tells a record that was cut off by a crash (the length holds, the file ends) from a length that was damaged:
/// only the first may be forgotten without a word.
/// </remarks>
public static class LogFrame
{
    public const int HeaderBytes = 12;

    /// <summary>Far above what is written as one record, so that a damaged length is not believed.</summary>
    public const int LargestPayloadBytes = 64 << 20;

    public static void Write(WireWriter file, ReadOnlySpan<byte> payload)
    {
        file.Fixed32((uint)payload.Length);
        file.Fixed32(~(uint)payload.Length);
        file.Fixed32(Crc32C.Of(payload));
        file.Bytes(payload);
    }

    /// <summary>Looks at the front of <paramref name="rest"/>. A damaged record whose length is whole is given too, so that it can be passed over.</summary>
    public static LogFrameState Read(ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> payload)
    {
        payload = default;
        if (rest.IsEmpty)
        {
            return LogFrameState.End;
        }

        // after a power cut a file may have its new length and, where the data was not written yet, zeros
        if (rest.Length < HeaderBytes || !rest.ContainsAnyExcept((byte)0))
        {
            return LogFrameState.CutOff;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        if (length != ~BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]) || length > LargestPayloadBytes)
        {
            return LogFrameState.Damaged;
        }

        if (length > rest.Length - HeaderBytes)
        {
            return LogFrameState.CutOff;
        }

        payload = rest.Slice(HeaderBytes, (int)length);
        return Crc32C.Of(payload) == BinaryPrimitives.ReadUInt32LittleEndian(rest[8..]) ? LogFrameState.Record : LogFrameState.Damaged;
    }
}

public enum LogFrameState
{
    Record,
    End,
    CutOff,
    Damaged,
}
