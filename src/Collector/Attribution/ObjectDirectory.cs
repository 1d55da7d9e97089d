using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Collector.Attribution;

/// <summary>The objects of one kind that a directory of YAML files names, one a file: standalone mode's stand-in for the API server.</summary>
/// <param name="path">The directory.</param>
/// <param name="setting">The setting that names it, for messages.</param>
/// <param name="logger">Told of what cannot be used.</param>
/// <remarks>Used by one thread at a time.</remarks>
internal sealed partial class ObjectDirectory<T>(string path, string setting, ILogger logger)
    where T : class, IKubernetesObject
{
    private readonly Dictionary<string, ReadFile> files = new(StringComparer.Ordinal);
    private bool missingIsKnown;

    /// <summary>In the order of their files' names. Empty until <see cref="Refresh"/>.</summary>
    public IReadOnlyList<T> Objects { get; private set; } = [];

    /// <summary>Reads what was added, changed or removed. A file that cannot be used is named in the log once and left out.</summary>
    /// <returns>Whether there was any difference.</returns>
    public bool Refresh()
    {
        var present = List();
        var changed = false;
        foreach (var gone in files.Keys.Except(present.Select(file => file.FullName), StringComparer.Ordinal).ToList())
        {
            changed |= files.Remove(gone);
        }

        foreach (var file in present)
        {
            var stamp = (file.LastWriteTimeUtc, file.Length);
            if (!files.TryGetValue(file.FullName, out var known) || known.Stamp != stamp)
            {
                files[file.FullName] = new ReadFile(stamp, Read(file.FullName));
                changed = true;
            }
        }

        if (changed)
        {
            Objects = [.. files.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => f.Value.Object).OfType<T>()];
        }

        return changed;
    }

    private List<FileInfo> List()
    {
        try
        {
            var found = new DirectoryInfo(path).EnumerateFiles().Where(file => file.Extension is ".yaml" or ".yml" && file.Name[0] != '.').ToList();
            missingIsKnown = false;
            return found;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!missingIsKnown)
            {
                missingIsKnown = true;
                LogDirectoryUnreadable(e, path, setting);
            }

            return [];
        }
    }

    private T? Read(string file)
    {
        try
        {
            return ObjectFile.Read<T>(file);
        }
        catch (ObjectFileException e)
        {
            LogFileUnusable(e.Message);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Nothing is known from {Path} ({Setting}): it cannot be listed; it is tried again")]
    private partial void LogDirectoryUnreadable(Exception exception, string path, string setting);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An object is left out until its file changes: {Problem}")]
    private partial void LogFileUnusable(string problem);

    private sealed record ReadFile((DateTime WrittenUtc, long Length) Stamp, T? Object);
}
