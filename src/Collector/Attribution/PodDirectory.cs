using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Collector.Attribution;

/// <summary>The pods that a directory of YAML files names, one Pod a file: standalone mode's stand-in for the API server.</summary>
/// <remarks>Used by one thread at a time.</remarks>
public sealed partial class PodDirectory(string path, ILogger<PodDirectory> logger)
{
    private readonly Dictionary<string, ReadFile> files = new(StringComparer.Ordinal);
    private bool missingIsKnown;

    /// <summary>In the order of their files' names. Empty until <see cref="Refresh"/>.</summary>
    public IReadOnlyList<Pod> Pods { get; private set; } = [];

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
            Pods = [.. files.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => f.Value.Pod).OfType<Pod>()];
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
                LogDirectoryUnreadable(e, path);
            }

            return [];
        }
    }

    private Pod? Read(string file)
    {
        try
        {
            return ObjectFile.Read<Pod>(file);
        }
        catch (ObjectFileException e)
        {
            LogFileUnusable(e.Message);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "No pods are known: {Path} (attribution.podsDirectory) cannot be listed; it is tried again")]
    private partial void LogDirectoryUnreadable(Exception exception, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A pod is left out until its file changes: {Problem}")]
    private partial void LogFileUnusable(string problem);

    private sealed record ReadFile((DateTime WrittenUtc, long Length) Stamp, Pod? Pod);
}
