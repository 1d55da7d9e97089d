using System.Text.Json;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Tuner.Desired;

/// <summary>Standalone mode: the objects of this node are files below a directory.</summary>
public sealed class DirectoryNodeObjects : INodeObjects, IDisposable
{
    private readonly string tunings;
    private readonly string pods;
    private readonly string specFile;
    private readonly string statusFile;
    private readonly Dictionary<string, (FileStamp Stamp, Pod? Pod, string Problem)> podFiles = new(StringComparer.Ordinal);
    private (FileStamp Stamp, IReadOnlyList<SysctlSetting> Settings) read;
    private (FileStamp Spec, DateTime Pods) seen;
    private NodeTuningStatus? written;
    private string writtenText = "";
    private readonly AutoResetEvent changed = new(initialState: false);
    private readonly List<FileSystemWatcher> watchers = [];

    public DirectoryNodeObjects(string directory, string node)
    {
        Node = node;
        tunings = Path.Combine(directory, "nodetunings");
        pods = Path.Combine(directory, "pods");
        specFile = Path.Combine(tunings, $"{node}.yaml");
        statusFile = Path.Combine(tunings, $"{node}.status.yaml");
    }

    public string Node { get; }

    public WaitHandle? Changed => watchers.Count > 0 ? changed : null;

    /// <summary>Makes the place for the NodeTuning, so that from then on its absence is a fault and not an empty wish.</summary>
    public Task PrepareAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            Directory.CreateDirectory(tunings);
            Watch();
            return Task.CompletedTask;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Task.FromException(new ObjectFileException(tunings, 0, "", $"cannot be made: {e.Message}; nothing is applied until it is there", e));
        }
    }

    /// <summary>
    /// Whether the NodeTuning, or a file of a pod, was put in another's place, came or went since this was last asked: a hint that may miss a change within one tick of the
    /// file system's clock, and the change of a pod's file where it lies.
    /// </summary>
    public bool HaveChanged()
    {
        var now = (FileStamp.Of(specFile), Directory.GetLastWriteTimeUtc(pods));
        (var before, seen) = (seen, now);
        return now != before;
    }

    public void Dispose()
    {
        Unwatch();
        changed.Dispose();
    }

    /// <exception cref="ObjectFileException">The NodeTuning is there but cannot be understood, or its place is gone.</exception>
    public IReadOnlyList<SysctlSetting> ReadSettings()
    {
        // Taken before it is read: what comes in between is another stamp at the next look.
        var stamp = FileStamp.Of(specFile);
        if (stamp == default || stamp != read.Stamp)
        {
            read = (default, []);
            read = (stamp, Parse());
        }

        return read.Settings;
    }

    /// <exception cref="ObjectFileException">Their directory is there but cannot be read.</exception>
    public PodDirectory ReadPods()
    {
        var found = new List<Pod>();
        var problems = new List<string>();
        var files = PodFiles();
        foreach (var file in files)
        {
            var stamp = FileStamp.Of(file);
            if (!podFiles.TryGetValue(file, out var known) || known.Stamp != stamp)
            {
                known = ReadPod(file, stamp);
                podFiles[file] = known;
            }

            if (known.Pod is { } pod)
            {
                found.Add(pod);
            }
            else
            {
                problems.Add(known.Problem);
            }
        }

        foreach (var file in podFiles.Keys.Except(files, StringComparer.Ordinal).ToList())
        {
            podFiles.Remove(file);
        }

        // A pod may stand in two files: the first counts.
        return new PodDirectory([.. found.DistinctBy(static pod => (pod.Metadata.Namespace, pod.Metadata.Name))], problems);
    }

    public NodeTuningStatus? ReadStatus()
    {
        try
        {
            return ObjectFile.Read<NodeTuning>(statusFile).Status;
        }
        catch (ObjectFileException)
        {
            return null;
        }
    }

    /// <exception cref="ObjectFileException">It could not be written.</exception>
    public void WriteStatus(NodeTuningStatus status)
    {
        // Hundreds of settings take tens of milliseconds to become YAML, and nearly every status is the one before at another time.
        if (written is null || status with { ObservedAt = written.ObservedAt } != written)
        {
            writtenText = ObjectFile.Format(new NodeTuning { Metadata = new ObjectMeta { Name = Node }, Status = status });
        }
        else
        {
            writtenText = writtenText.Replace(ObservedAt(written), ObservedAt(status), StringComparison.Ordinal);
        }

        written = status;
        ObjectFile.WriteText(statusFile, writtenText);
    }

    private IReadOnlyList<SysctlSetting> Parse()
    {
        NodeTuning tuning;
        try
        {
            tuning = ObjectFile.Read<NodeTuning>(specFile);
        }
        catch (ObjectFileException e) when (e.InnerException is FileNotFoundException)
        {
            return [];
        }

        if (tuning.Metadata.Name != Node)
        {
            throw Fault("metadata.name", $"must be this node's name, {Node}");
        }

        var settings = tuning.Spec.Settings;
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < settings.Count; i++)
        {
            if (!names.Add(settings[i].Name))
            {
                throw Fault($"spec.settings[{i}].name", $"'{settings[i].Name}' is the name of an earlier setting too; names must be unique");
            }
        }

        return settings;
    }

    /// <summary>Only where all of it can be watched: a node may be out of inotify instances, and a folder that comes later is seen by asking.</summary>
    private void Watch()
    {
        try
        {
            Watch(new FileSystemWatcher(tunings, Path.GetFileName(specFile)));
            Watch(new FileSystemWatcher(pods, "*.yaml"));
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            Unwatch();
        }
    }

    private void Watch(FileSystemWatcher watcher)
    {
        watchers.Add(watcher);
        watcher.NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite;
        watcher.Created += (_, _) => changed.Set();
        watcher.Changed += (_, _) => changed.Set();
        watcher.Deleted += (_, _) => changed.Set();
        watcher.Renamed += (_, _) => changed.Set();
        watcher.Error += (_, _) => changed.Set();
        watcher.EnableRaisingEvents = true;
    }

    private void Unwatch()
    {
        watchers.ForEach(static watcher => watcher.Dispose());
        watchers.Clear();
    }

    private static string ObservedAt(NodeTuningStatus status) => $"  observedAt: {JsonSerializer.Serialize(status.ObservedAt).Trim('"')}\n";

    private static (FileStamp Stamp, Pod? Pod, string Problem) ReadPod(string file, FileStamp stamp)
    {
        try
        {
            return (stamp, ObjectFile.Read<Pod>(file), "");
        }
        catch (ObjectFileException e)
        {
            return (stamp, null, e.Message);
        }
    }

    private List<string> PodFiles()
    {
        try
        {
            return [.. Directory.EnumerateFiles(pods, "*.yaml").Order(StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ObjectFileException(pods, 0, "", $"cannot be read: {e.Message}", e);
        }
    }

    private ObjectFileException Fault(string field, string problem) =>
        new(specFile, YamlDocument.Parse(specFile, File.ReadAllText(specFile)).LineOf(field), field, problem);

    /// <summary>Enough of a file to see that it is another by now.</summary>
    private readonly record struct FileStamp(long ModifiedTicks, long Bytes)
    {
        public static FileStamp Of(string path)
        {
            var file = new FileInfo(path);
            return file.Exists ? new FileStamp(file.LastWriteTimeUtc.Ticks, file.Length) : default;
        }
    }
}
