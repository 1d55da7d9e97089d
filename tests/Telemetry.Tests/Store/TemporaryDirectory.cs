namespace NetPulse.Telemetry.Tests.Store;

internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("nptest-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Every file, relative to the directory, in order.</summary>
    public string[] Files() =>
        [.. Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories).Select(f => System.IO.Path.GetRelativePath(Path, f)).Order(StringComparer.Ordinal)];

    public void CopyTo(string target)
    {
        foreach (var file in Files())
        {
            var copy = System.IO.Path.Combine(target, file);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
            System.IO.File.Copy(File(file), copy);
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
