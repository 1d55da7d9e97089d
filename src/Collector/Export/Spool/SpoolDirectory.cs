using System.Runtime.InteropServices;
using NetPulse.Hosting;

namespace NetPulse.Collector.Export.Spool;

/// <summary>The spool's directory, held for this process alone: a file a segment, a cursor a destination, <c>lock</c>.</summary>
internal sealed class SpoolDirectory : IDisposable
{
    // .NET puts errno into HResult on Linux
    private const int EAGAIN = 11;
    private const int ENOSPC = 28;
    private const int EDQUOT = 122;

    private readonly FileStream lockFile;

    private SpoolDirectory(string path, FileStream lockFile)
    {
        Path = path;
        this.lockFile = lockFile;
    }

    public string Path { get; }

    /// <exception cref="StartRefusedException">It cannot be made, or another process has it.</exception>
    public static SpoolDirectory Open(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(full);
            return new SpoolDirectory(full, new FileStream(System.IO.Path.Combine(full, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e.HResult == EAGAIN)
        {
            throw new StartRefusedException($"The spool {full} (export.spool.directory) is in use by another process: give each collector a directory of its own", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"The spool {full} (export.spool.directory) cannot be used: {e.Message}", e);
        }
    }

    public static bool IsFull(Exception exception) => exception.HResult is ENOSPC or EDQUOT;

    /// <summary>What the disk said, without the file's name, so that the same trouble reads the same.</summary>
    public static string Problem(Exception exception) =>
        IsFull(exception) ? "the disk is full; free space, or lower export.spool.maxBytes"
        : exception is UnauthorizedAccessException ? "the process may not write there (export.spool.directory)"
        : Marshal.GetPInvokeErrorMessage(exception.HResult);

    /// <summary>A file that cannot be deleted is found again at the next start.</summary>
    public static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk refuses; what it refuses next, a write, is named and counted.
        }
    }

    public string CursorFile(string destination) => System.IO.Path.Combine(Path, $"{destination}.cursor");

    /// <summary>The oldest first.</summary>
    public IReadOnlyList<string> Segments() =>
        [.. Directory.EnumerateFiles(Path, "*" + SpoolSegment.Extension).Order(StringComparer.Ordinal)];

    public void Dispose() => lockFile.Dispose();
}
