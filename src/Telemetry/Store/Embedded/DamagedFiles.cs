using Microsoft.Extensions.Logging;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Takes damaged files out of use without destroying what may still be read from them by hand.</summary>
internal sealed partial class DamagedFiles(StoreDirectory directory, StoreMeter meter, ILogger logger)
{
    public const string Extension = ".damaged";

    private int count = directory.Damaged().Count;

    public int Count => Volatile.Read(ref count);

    /// <summary>Renames the file.</summary>
    /// <returns>Its new name; <see langword="null"/> when there is no such file any more.</returns>
    /// <exception cref="IOException">The disk refused.</exception>
    public string? SetAside(string path, Exception why)
    {
        if (!File.Exists(path))
        {
            LogVanished(why, path);
            return null;
        }

        var aside = FreeName(path);
        if (File.Exists(path + SqliteFile.JournalExtension))
        {
            // SQLite finds it again under the new name
            File.Move(path + SqliteFile.JournalExtension, aside + SqliteFile.JournalExtension);
        }

        File.Move(path, aside);
        Noted(path, aside, why);
        return aside;
    }

    /// <summary>Copies the file, of which a valid part stays in use.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void KeepCopy(string path, ReadOnlySpan<byte> content, Exception why)
    {
        var aside = FreeName(path);
        using (var copy = File.OpenHandle(aside, FileMode.CreateNew, FileAccess.Write, preallocationSize: content.Length))
        {
            RandomAccess.Write(copy, content, 0);
            RandomAccess.FlushToDisk(copy);
        }

        Noted(path, aside, why);
    }

    /// <summary>Deletes those that were written last before that time: their samples would not be kept any more.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void DeleteBefore(DateTimeOffset time)
    {
        foreach (var file in directory.Damaged().Where(file => file.LastWriteTimeUtc < time.UtcDateTime))
        {
            File.Delete(file.FullName + SqliteFile.JournalExtension);
            file.Delete();
            Interlocked.Decrement(ref count);
            LogDeleted(file.FullName);
        }
    }

    private static string FreeName(string path)
    {
        var name = path + Extension;
        var copies = 1;
        while (File.Exists(name))
        {
            copies++;
            name = $"{path}.{copies}{Extension}";
        }

        return name;
    }

    private void Noted(string path, string aside, Exception why)
    {
        Interlocked.Increment(ref count);
        meter.Damaged.Add(1);
        LogDamaged(why, path, aside);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} was removed while the store was open: its samples are gone, the rest is served")]
    private partial void LogVanished(Exception why, string path);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Path} was deleted: it is older than samples are kept")]
    private partial void LogDeleted(string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} is damaged: it was set aside as {Aside}, the rest is served")]
    private partial void LogDamaged(Exception why, string path, string aside);
}
