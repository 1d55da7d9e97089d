using System.Globalization;
using System.Runtime.InteropServices;
using NetPulse.Telemetry.Store.Embedded.Interop;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>The store's directory, held for this process alone: a file a day, <c>rollups/</c>, <c>wal/</c> for the log, <c>lock</c>.</summary>
internal sealed class StoreDirectory : IDisposable
{
    private const string DayFormat = "yyyy-MM-dd";
    private const string DayExtension = ".db";
    private const string SegmentExtension = ".log";
    private const string SeriesExtension = ".series";
    private readonly string root;
    private readonly FileStream lockFile;

    private StoreDirectory(string root, FileStream lockFile)
    {
        this.root = root;
        this.lockFile = lockFile;
    }

    public string Wal => Path.Combine(root, "wal");

    private string RollUps => Path.Combine(root, "rollups");

    public static StoreDirectory Open(string path)
    {
        var full = Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(Path.Combine(full, "wal"));
            Directory.CreateDirectory(Path.Combine(full, "rollups"));
            return new StoreDirectory(full, new FileStream(Path.Combine(full, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new SampleStoreException($"Open the store in {full}", "the process may not write there: give it the directory, or name another", retryable: false, e);
        }
        catch (IOException e) when (e.HResult == DiskError.EAGAIN)
        {
            throw new SampleStoreException($"Open the store in {full}", "another process has it open: stop that one, or give this one a directory of its own",
                retryable: false, e);
        }
        catch (IOException e)
        {
            throw DiskError.Of($"Open the store in {full}", e);
        }
    }

    public string DayFile(DateOnly day) => Path.Combine(root, day.ToString(DayFormat, CultureInfo.InvariantCulture) + DayExtension);

    /// <summary>Roll-ups of that length from a day on: of that day, or of that month where they are long.</summary>
    public string RollUpFile(RollUpLength length, DateOnly begin) =>
        Path.Combine(RollUps, RollUpPrefix(length) + begin.ToString(DayFormat, CultureInfo.InvariantCulture) + DayExtension);

    /// <summary>The first days of the files of roll-ups of that length, oldest first.</summary>
    public IReadOnlyList<DateOnly> RollUpFiles(RollUpLength length) =>
        [.. Directory.EnumerateFiles(RollUps, RollUpPrefix(length) + "*" + DayExtension)
            .Select(path => DayOf(Path.GetFileName(path)[RollUpPrefix(length).Length..])).OfType<DateOnly>().Order()];

    public string Segment(long number) => Path.Combine(Wal, $"{number:00000000}{SegmentExtension}");

    /// <summary>Labels of the series in the segments from that number on.</summary>
    public string SeriesFile(long number) => Path.Combine(Wal, $"{number:00000000}{SeriesExtension}");

    /// <summary>The days that have a file, oldest first.</summary>
    public IReadOnlyList<DateOnly> Days() =>
        [.. Directory.EnumerateFiles(root, "*" + DayExtension).Select(DayOf).OfType<DateOnly>().Order()];

    /// <summary>Removes what a process that was killed had not finished making.</summary>
    public void DeleteUnfinished()
    {
        foreach (var file in Directory.EnumerateFiles(root, $"*{DayExtension}{SqliteFile.UnfinishedExtension}*", SearchOption.AllDirectories))
        {
            File.Delete(file);
        }
    }

    /// <summary>Numbers of the log's segments, oldest first.</summary>
    public IReadOnlyList<long> Segments() =>
        [.. Directory.EnumerateFiles(Wal, "*" + SegmentExtension).Select(SegmentOf).OfType<long>().Order()];

    /// <summary>Numbers of the files of series, oldest first.</summary>
    public IReadOnlyList<long> SeriesFiles() =>
        [.. Directory.EnumerateFiles(Wal, "*" + SeriesExtension).Select(SegmentOf).OfType<long>().Order()];

    /// <summary>Files that were set aside, in this run or an earlier one.</summary>
    public IReadOnlyList<FileInfo> Damaged() => [.. new DirectoryInfo(root).EnumerateFiles("*" + DamagedFiles.Extension, SearchOption.AllDirectories)];

    /// <summary>Bytes of all files.</summary>
    public long Size() => new DirectoryInfo(root).EnumerateFiles("*", SearchOption.AllDirectories).Sum(LengthOf);

    /// <summary>Makes durable which files a directory has: a file that was synced may still be without a name after a power cut.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void Persist(string directory)
    {
        var descriptor = LibC.open(directory, LibC.O_RDONLY | LibC.O_CLOEXEC);
        var synced = descriptor >= 0 && LibC.fsync(descriptor) == 0;
        var errno = Marshal.GetLastPInvokeError();
        if (descriptor >= 0)
        {
            _ = LibC.close(descriptor);
        }

        if (!synced)
        {
            throw new IOException($"fsync {directory}: {Marshal.GetPInvokeErrorMessage(errno)}", errno);
        }
    }

    public void Dispose() => lockFile.Dispose();

    private static string RollUpPrefix(RollUpLength length) => length == RollUpLength.Hour ? "1h-" : "5m-";

    private static DateOnly? DayOf(string path) =>
        DateOnly.TryParseExact(Path.GetFileNameWithoutExtension(path), DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    private static long? SegmentOf(string path) =>
        long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0; // deleted since it was listed
        }
    }
}
