using System.Diagnostics;

namespace NetPulse.Tests;

/// <summary>A real file system that can be filled: a tmpfs of 1 MiB. Needs root.</summary>
public sealed class SmallDisk : IDisposable
{
    private const int PageBytes = 4096;
    private const int MostPages = 1024;

    public SmallDisk() => Run("mount", "-t", "tmpfs", "-o", "size=1m", "nptest", Path);

    public string Path { get; } = Directory.CreateTempSubdirectory("nptest-").FullName;

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public void Fill()
    {
        using var filler = File.OpenHandle(Filler, FileMode.Create, FileAccess.Write);
        var page = new byte[PageBytes];
        Assert.Throws<IOException>(() =>
        {
            for (var pages = 0; pages < MostPages; pages++)
            {
                RandomAccess.Write(filler, page, (long)pages * PageBytes);
            }
        });
    }

    public void MakeRoom() => File.Delete(Filler);

    public void Dispose()
    {
        Run("umount", Path);
        Directory.Delete(Path);
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
