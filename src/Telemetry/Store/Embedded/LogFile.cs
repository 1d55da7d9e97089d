using System.Text;
using Microsoft.Win32.SafeHandles;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>An append-only file of <see cref="LogFrame"/>s behind eight bytes that name its kind and version. One thread appends.</summary>
internal sealed class LogFile : IDisposable
{
    public const int HeaderBytes = 8;

    private readonly SafeFileHandle file;

    private LogFile(string path, SafeFileHandle file, long length)
    {
        Path = path;
        this.file = file;
        Length = length;
    }

    public string Path { get; }

    /// <summary>Bytes that are good and synced.</summary>
    public long Length { get; private set; }

    /// <param name="path">The file to make.</param>
    /// <param name="header">Its first eight bytes, as ASCII.</param>
    /// <exception cref="IOException">The disk refused.</exception>
    public static LogFile Create(string path, string header)
    {
        var opened = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            RandomAccess.Write(opened, Encoding.ASCII.GetBytes(header), 0);
            RandomAccess.FlushToDisk(opened);
            StoreDirectory.Persist(System.IO.Path.GetDirectoryName(path)!);
            return new LogFile(path, opened, HeaderBytes);
        }
        catch
        {
            opened.Dispose();
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Goes on with a file of which the first <paramref name="good"/> bytes are good; the others are cut off.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static LogFile Open(string path, string header, long good)
    {
        var opened = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            if (good < HeaderBytes)
            {
                RandomAccess.Write(opened, Encoding.ASCII.GetBytes(header), 0);
                good = HeaderBytes;
            }

            if (RandomAccess.GetLength(opened) != good)
            {
                RandomAccess.SetLength(opened, good);
                RandomAccess.FlushToDisk(opened);
            }

            return new LogFile(path, opened, good);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Whether the content begins as a file of this kind, or as one whose first bytes were not all written.</summary>
    /// <exception cref="SampleStoreException">It is of another version of this program.</exception>
    public static bool HasHeader(ReadOnlySpan<byte> content, string header, string path)
    {
        var expected = Encoding.ASCII.GetBytes(header);
        var found = content[..Math.Min(content.Length, HeaderBytes)];
        if (found.SequenceEqual(expected) || (content.Length < HeaderBytes && expected.AsSpan().StartsWith(found)) || !found.ContainsAnyExcept((byte)0))
        {
            return true;
        }

        // "NPS2", four bytes of kind; the first version had no such bytes, but a frame at once
        if (found.StartsWith("NPS"u8) && found[4..].SequenceEqual(expected.AsSpan(4)) && char.IsAsciiDigit((char)found[3]))
        {
            throw OtherVersion(path);
        }

        return LogFrame.Read(content, out _) == LogFrameState.Record ? throw OtherVersion(path) : false;
    }

    /// <summary>One write and one sync.</summary>
    /// <exception cref="IOException">The disk refused. Nothing was added.</exception>
    public void Append(ReadOnlySpan<byte> frames)
    {
        try
        {
            CutBack();
            RandomAccess.Write(file, frames, Length);
            RandomAccess.FlushToDisk(file);
        }
        catch (IOException)
        {
            TryCutBack();
            throw;
        }

        Length += frames.Length;
    }

    public void Dispose() => file.Dispose();

    public static SampleStoreException OtherVersion(string path) => new($"Open {path}",
        "it was written by another version of this program, in a format that this one does not read: run that version, or move the store's directory away and begin anew",
        retryable: false);

    /// <summary>Removes what a failed write left behind the last good record.</summary>
    private void CutBack()
    {
        if (RandomAccess.GetLength(file) != Length)
        {
            RandomAccess.SetLength(file, Length);
        }
    }

    private void TryCutBack()
    {
        try
        {
            CutBack();
        }
        catch (IOException)
        {
            // the next append tries again before it writes, and the next start cuts it off
        }
    }
}
