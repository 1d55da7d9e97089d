using System.Buffers;
using System.IO.Compression;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Labels of several series, compressed: neighbours differ in little.</summary>
/// <remarks>
/// <code>
/// [series varint] [bytes varint] [Brotli of: labels of each]
/// </code>
/// </remarks>
internal static class LabelBlock
{
    private const int BrotliQuality = 4;
    private const int BrotliWindow = 20;

    /// <summary>Far above what is written, so that a damaged length is not believed.</summary>
    private const int MostBytes = 512 << 20;

    /// <param name="writer">Gets the block.</param>
    /// <param name="buffer">Of the caller's.</param>
    /// <param name="series">The series.</param>
    /// <param name="count">How many they are.</param>
    public static void Write(WireWriter writer, WireWriter buffer, IEnumerable<LabelSet> series, int count)
    {
        buffer.Clear();
        foreach (var one in series)
        {
            LabelSetCodec.Write(buffer, one);
        }

        writer.Varint((ulong)count);
        writer.Varint((ulong)buffer.Length);
        var compressed = ArrayPool<byte>.Shared.Rent(BrotliEncoder.GetMaxCompressedLength(buffer.Length));
        try
        {
            if (!BrotliEncoder.TryCompress(buffer.Written, compressed, out var length, BrotliQuality, BrotliWindow))
            {
                throw new InvalidOperationException("Brotli needs more room than it says");
            }

            writer.Bytes(compressed.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(compressed);
        }
    }

    /// <exception cref="FormatException">The bytes are no such block.</exception>
    public static LabelSet[] Read(ref WireReader reader)
    {
        var count = reader.Varint();
        var bytes = reader.Varint();
        if (bytes > MostBytes || count > bytes)
        {
            throw new FormatException($"{count} series with {bytes} bytes of labels are announced");
        }

        var buffer = ArrayPool<byte>.Shared.Rent((int)bytes);
        try
        {
            if (!BrotliDecoder.TryDecompress(reader.Take(reader.Remaining), buffer, out var length) || length != (int)bytes)
            {
                throw new FormatException("Labels are no Brotli");
            }

            var labels = new WireReader(buffer.AsSpan(0, length));
            var texts = new HashSet<string>(StringComparer.Ordinal);
            var series = new LabelSet[count];
            for (var i = 0; i < series.Length; i++)
            {
                series[i] = LabelSetCodec.Read(ref labels, texts);
            }

            return labels.AtEnd ? series : throw new FormatException($"{labels.Remaining} bytes follow the last labels");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
