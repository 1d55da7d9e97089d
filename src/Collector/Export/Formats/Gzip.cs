using System.IO.Compression;

namespace NetPulse.Collector.Export.Formats;

internal static class Gzip
{
    /// <summary>One gzip member.</summary>
    public static byte[] Compress(ReadOnlySpan<byte> bytes)
    {
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return output.ToArray();
    }
}
