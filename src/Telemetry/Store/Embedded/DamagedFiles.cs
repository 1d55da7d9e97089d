using Microsoft.Extensions.Logging;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Takes damaged files out of use without destroying what may still be read from them by hand.</summary>
internal sealed partial class DamagedFiles(StoreDirectory directory, StoreMeter meter, ILogger logger)
{
    public const string Extension = ".damaged";

    private int count = directory.Damaged();

    public int Count => Volatile.Read(ref count);

    /// <summary>Renames the file.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void SetAside(string path, Exception why)
    {
        var aside = FreeName(path);
        if (File.Exists(path + DayFile.JournalExtension))
        {
            // SQLite finds it again under the new name
            File.Move(path + DayFile.JournalExtension, aside + DayFile.JournalExtension);
        }

        File.Move(path, aside);
        Noted(path, aside, why);
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

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} is damaged: it was set aside as {Aside}, the rest is served")]
    private partial void LogDamaged(Exception why, string path, string aside);
}
