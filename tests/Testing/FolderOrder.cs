using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace NetPulse.Tests;

/// <summary>The order of a project's folders: each may name only those before it. C# itself lets namespaces lean on each other in circles.</summary>
internal sealed class FolderOrder
{
    private readonly string source;
    private readonly string[] folders;
    private readonly Regex names;

    /// <param name="project">As the folder below src is named.</param>
    /// <param name="folders">The earliest first.</param>
    /// <param name="testFile">The caller's own file, from where the sources are found.</param>
    public FolderOrder(string project, string[] folders, [CallerFilePath] string testFile = "")
    {
        source = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(testFile)!, "../../src", project));
        this.folders = folders;
        names = new Regex($@"NetPulse\.{project}\.(?<folder>\w+)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
    }

    public void AssertHolds()
    {
        Assert.Empty(
            from folder in folders
            from file in Directory.EnumerateFiles(Path.Combine(source, folder), "*.cs", SearchOption.AllDirectories)
            from Match named in names.Matches(File.ReadAllText(file))
            where Array.IndexOf(folders, named.Groups["folder"].Value) > Array.IndexOf(folders, folder)
            select $"{file} names {named.Value}");
        Assert.Equal(
            folders.Order(StringComparer.Ordinal),
            Directory.EnumerateDirectories(source).Select(Path.GetFileName).Except(["bin", "obj", "Properties"]).Order(StringComparer.Ordinal));
    }
}
