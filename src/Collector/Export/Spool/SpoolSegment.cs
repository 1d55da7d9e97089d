using Microsoft.Win32.SafeHandles;
using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Telemetry.Store.Wire;

namespace NetPulse.Collector.Export.Spool;

/// <summary>One file of readings in the order of their numbers; named after the first. Written by the process that made it, only read by later ones.</summary>
/// <remarks>
/// A write is not synced: what was written outlives the process, and a power cut may cost the last half minute. Every record has a checksum,
/// so that a torn end is seen and left aside.
/// </remarks>
internal sealed class SpoolSegment : IDisposable
{
    public const string Extension = ".spool";

    private static readonly Comparer<ReadingHead> ByNumber = Comparer<ReadingHead>.Create(static (a, b) => a.Number.CompareTo(b.Number));

    private readonly List<ReadingHead> heads = [];
    private readonly ReadingEncoder encoder = new();
    private readonly WireWriter payload = new();
    private readonly WireWriter frame = new();
    private SafeFileHandle? writing;

    private SpoolSegment(string path, SafeFileHandle? writing)
    {
        Path = path;
        this.writing = writing;
    }

    public string Path { get; }

    /// <summary>Bytes that hold whole records.</summary>
    public long Length { get; private set; }

    /// <summary>Bytes of the file after the last whole record: the torn end of a process that was killed, or damage.</summary>
    public long UnreadableBytes { get; private set; }

    /// <summary>In the order of their numbers.</summary>
    public IReadOnlyList<ReadingHead> Heads => heads;

    public long LastNumber => heads.Count == 0 ? -1 : heads[^1].Number;

    /// <exception cref="IOException">The disk refused.</exception>
    public static SpoolSegment Create(string directory, long firstNumber)
    {
        var path = System.IO.Path.Combine(directory, $"{firstNumber:D19}{Extension}");
        return new SpoolSegment(path, File.OpenHandle(path, FileMode.Create, FileAccess.Write, FileShare.Read | FileShare.Delete));
    }

    /// <summary>What an earlier process left.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static SpoolSegment Open(string path)
    {
        var segment = new SpoolSegment(path, null);
        using var file = File.OpenHandle(path);
        var reader = new FrameReader(file);
        try
        {
            while (reader.Next(RandomAccess.GetLength(file)) is { } record)
            {
                segment.heads.Add(ReadingDecoder.Head(record.Span));
                segment.Length = reader.Position;
            }
        }
        catch (FormatException)
        {
            // What follows cannot be found either: it is counted as unreadable.
        }

        segment.UnreadableBytes = RandomAccess.GetLength(file) - segment.Length;
        return segment;
    }

    /// <summary>Reading it back has failed; it takes no more.</summary>
    public bool IsDamaged { get; set; }

    public bool Holds(long number) => heads.BinarySearch(new ReadingHead(number, 0, 0), ByNumber) >= 0;

    /// <summary>The reading is in the file, and will be in <see cref="Heads"/> when it is published.</summary>
    /// <exception cref="IOException">The disk refused. The segment takes no more readings; those before are whole.</exception>
    public void Write(NumberedReading numbered)
    {
        payload.Clear();
        frame.Clear();
        encoder.Write(payload, numbered);
        LogFrame.Write(frame, payload.Written);
        RandomAccess.Write(writing!, frame.Written, Length);
    }

    /// <summary>Shows to readers what was written last.</summary>
    public void Publish(NumberedReading numbered)
    {
        Length += frame.Length;
        heads.Add(new ReadingHead(numbered.Number, numbered.Reading.At.ToUnixTimeMilliseconds(), numbered.Reading.SampleCount));
    }

    public void Dispose()
    {
        writing?.Dispose();
        writing = null;
    }
}
