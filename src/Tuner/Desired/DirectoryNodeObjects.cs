using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Tuner.Desired;

/// <summary>Standalone mode: the objects of this node are files below a directory.</summary>
public sealed class DirectoryNodeObjects : INodeObjects
{
    private readonly string tunings;
    private readonly string pods;
    private readonly string specFile;
    private readonly string statusFile;
    private readonly Dictionary<string, (FileStamp Stamp, Pod? Pod, string Problem)> podFiles = new(StringComparer.Ordinal);
    private int seen;

    public DirectoryNodeObjects(string directory, string node)
    {
        Node = node;
        tunings = Path.Combine(directory, "nodetunings");
        pods = Path.Combine(directory, "pods");
        specFile = Path.Combine(tunings, $"{node}.yaml");
        statusFile = Path.Combine(tunings, $"{node}.status.yaml");
    }

    public string Node { get; }

    /// <summary>Makes the place for the NodeTuning, so that from then on its absence is a fault and not an empty wish.</summary>
    public Task PrepareAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            Directory.CreateDirectory(tunings);
            return Task.CompletedTask;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Task.FromException(new ObjectFileException(tunings, 0, "", $"cannot be made: {e.Message}; nothing is applied until it is there", e));
        }
    }

    /// <summary>Whether a file came, went or changed since this was last asked: a hint that may miss a change within one tick of the file system's clock.</summary>
    public bool HaveChanged()
    {
        var hash = default(HashCode);
        hash.Add(FileStamp.Of(specFile));
        try
        {
            foreach (var file in PodFiles())
            {
                hash.Add(file, StringComparer.Ordinal);
                hash.Add(FileStamp.Of(file));
            }
        }
        catch (ObjectFileException e)
        {
            // Told by the reading that follows, once.
            hash.Add(e.Message, StringComparer.Ordinal);
        }

        var now = hash.ToHashCode();
        (var before, seen) = (seen, now);
        return now != before;
    }

    /// <exception cref="ObjectFileException">The NodeTuning is there but cannot be understood, or its place is gone.</exception>
    public IReadOnlyList<SysctlSetting> ReadSettings()
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
        for (var i = 0; i < settings.Count; i++)
        {
            if (settings.Take(i).Any(earlier => earlier.Name == settings[i].Name))
            {
                throw Fault($"spec.settings[{i}].name", $"'{settings[i].Name}' is the name of an earlier setting too; names must be unique");
            }
        }

        return settings;
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

        return new PodDirectory(found, problems);
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
    public void WriteStatus(NodeTuningStatus status) =>
        ObjectFile.Write(statusFile, new NodeTuning { Metadata = new ObjectMeta { Name = Node }, Status = status });

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
