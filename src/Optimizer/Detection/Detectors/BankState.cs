using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NetPulse.Optimizer.Detection.Preparation;

namespace NetPulse.Optimizer.Detection.Detectors;

/// <summary>One array of a bank's state, as bytes: read or overwritten.</summary>
internal delegate void StatePart(Span<byte> bytes);

/// <summary>What a restart needs of a <see cref="SeriesBank"/>, as bytes: version, shape, every array, and a SHA-256 over all before it. Little-endian.</summary>
internal static class BankState
{
    /// <summary>Grows with every change of what is kept or of what it means.</summary>
    private const int Version = 3;
    private const int HeadBytes = 40;

    private static ReadOnlySpan<byte> Magic => "NPDETECT"u8;

    internal readonly record struct Shape(SignalKind Kind, int Series, int WarmUp, long LastUnixMilliseconds, long Points, long DroppedPoints);

    public static byte[] Write(in Shape shape, Action<StatePart> parts)
    {
        using var written = new MemoryStream();
        written.Write(Magic);
        Span<byte> head = stackalloc byte[HeadBytes];
        BinaryPrimitives.WriteInt32LittleEndian(head, Version);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], (int)shape.Kind);
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], shape.Series);
        BinaryPrimitives.WriteInt32LittleEndian(head[12..], shape.WarmUp);
        BinaryPrimitives.WriteInt64LittleEndian(head[16..], shape.LastUnixMilliseconds);
        BinaryPrimitives.WriteInt64LittleEndian(head[24..], shape.Points);
        BinaryPrimitives.WriteInt64LittleEndian(head[32..], shape.DroppedPoints);
        written.Write(head);
        parts(part => written.Write(part));
        written.Write(SHA256.HashData(written.GetBuffer().AsSpan(0, (int)written.Length)));
        return written.ToArray();
    }

    /// <exception cref="InvalidDataException">Not such bytes, cut off, damaged, or of another version: start anew, the warm-up is short.</exception>
    public static Shape ReadShape(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Magic.Length + HeadBytes + SHA256.HashSizeInBytes || !bytes.StartsWith(Magic))
        {
            throw new InvalidDataException("this is no saved state of detectors; remove it, and they learn anew");
        }

        var head = bytes[Magic.Length..];
        var version = BinaryPrimitives.ReadInt32LittleEndian(head);
        if (version != Version)
        {
            throw new InvalidDataException($"the saved state of detectors is of version {version}, and this is {Version}; remove it, and they learn anew");
        }

        if (!SHA256.HashData(bytes[..^SHA256.HashSizeInBytes]).AsSpan().SequenceEqual(bytes[^SHA256.HashSizeInBytes..]))
        {
            throw new InvalidDataException("the saved state of detectors is damaged; remove it, and they learn anew");
        }

        return new Shape(
            (SignalKind)BinaryPrimitives.ReadInt32LittleEndian(head[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(head[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(head[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(head[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(head[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(head[32..]));
    }

    /// <summary>Fills the arrays of a bank of the same shape.</summary>
    public static void ReadParts(byte[] bytes, Action<StatePart> parts)
    {
        var at = Magic.Length + HeadBytes;
        parts(part =>
        {
            bytes.AsSpan(at, part.Length).CopyTo(part);
            at += part.Length;
        });
    }

    public static Span<byte> BytesOf<T>(T[] values)
        where T : struct => MemoryMarshal.AsBytes(values.AsSpan());
}
