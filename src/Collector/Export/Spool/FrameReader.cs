using Microsoft.Win32.SafeHandles;
using NetPulse.Telemetry.Store.Embedded;

namespace NetPulse.Collector.Export.Spool;

/// <summary>Reads one frame after the other, without the whole file in memory.</summary>
internal sealed class FrameReader(SafeFileHandle file)
{
    private byte[] buffer = new byte[64 << 10];

    public long Position { get; private set; }

    /// <summary>The next record, valid until the next call; <see langword="null"/> at the end, also where a record is not whole.</summary>
    /// <exception cref="FormatException">The bytes are no frame.</exception>
    /// <exception cref="IOException">The disk refused.</exception>
    public ReadOnlyMemory<byte>? Next(long fileLength)
    {
        var left = fileLength - Position;
        if (left < LogFrame.HeaderBytes)
        {
            return null;
        }

        Fill(LogFrame.HeaderBytes);
        var payloadBytes = BitConverter.ToInt32(buffer, 0);
        if (payloadBytes != ~BitConverter.ToInt32(buffer, sizeof(int)) || payloadBytes is < 0 or > LogFrame.LargestPayloadBytes)
        {
            throw new FormatException("The bytes are no record");
        }

        var frameBytes = LogFrame.HeaderBytes + payloadBytes;
        if (left < frameBytes)
        {
            return null;
        }

        Fill(frameBytes);
        if (LogFrame.Read(buffer.AsSpan(0, frameBytes), out _) != LogFrameState.Record)
        {
            throw new FormatException("A record does not fit its checksum");
        }

        Position += frameBytes;
        return buffer.AsMemory(LogFrame.HeaderBytes, payloadBytes);
    }

    private void Fill(int bytes)
    {
        if (buffer.Length < bytes)
        {
            buffer = new byte[bytes * 2];
        }

        for (var filled = 0; filled < bytes;)
        {
            var read = RandomAccess.Read(file, buffer.AsSpan(filled, bytes - filled), Position + filled);
            filled += read > 0 ? read : throw new EndOfStreamException("The file ends before its length");
        }
    }
}
