using NetPulse.Kubernetes.Files;

namespace NetPulse.Optimizer.Policies.Manifests;

/// <summary>Where manifests come from: a file, every YAML and JSON file below a folder, or standard input (<c>-</c>).</summary>
public static class ManifestSource
{
    private const string StandardInput = "-";

    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    /// <summary>A file that cannot be read is told in <paramref name="faults"/> and the others are still read.</summary>
    /// <exception cref="ObjectFileException">There is no such file or folder.</exception>
    public static PolicyInputs Read(string source, ICollection<ObjectFileException> faults) => ManifestInputs.Read(Objects(source, faults), faults);

    /// <summary>Every object, of whatever kind.</summary>
    /// <exception cref="ObjectFileException">There is no such file or folder.</exception>
    public static IEnumerable<ManifestObject> Objects(string source, ICollection<ObjectFileException> faults) =>
        Files(source).SelectMany(file => Text(file, faults) is { } text ? ManifestObject.ParseAll(file == StandardInput ? "standard input" : file, text, faults) : []);

    private static IEnumerable<string> Files(string source)
    {
        if (source == StandardInput || File.Exists(source))
        {
            return [source];
        }

        return Directory.Exists(source)
            ? Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).Where(static f => Extensions.Contains(Path.GetExtension(f))).Order(StringComparer.Ordinal)
            : throw new ObjectFileException(source, 0, "", "there is no such file or folder");
    }

    private static string? Text(string file, ICollection<ObjectFileException> faults)
    {
        try
        {
            return file == StandardInput ? Console.In.ReadToEnd() : File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults.Add(new ObjectFileException(file, 0, "", $"cannot be read: {e.Message}", e));
            return null;
        }
    }
}
