using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace NetPulse.Lab.Tests;

public sealed partial class FolderOrderTests
{
    private static readonly string[] Folders = ["Interop", "Topology", "Forwarding", "Load", "Scenarios", "Commands"];

    [Fact]
    public void No_folder_names_a_later_one() => Assert.Empty(
        from folder in Folders
        from file in Directory.EnumerateFiles(Path.Combine(Source(), folder), "*.cs", SearchOption.AllDirectories)
        from Match named in Namespace().Matches(File.ReadAllText(file))
        where Array.IndexOf(Folders, named.Groups["folder"].Value) > Array.IndexOf(Folders, folder)
        select $"{file} names {named.Value}");

    private static string Source([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile) ?? "", "../../src/Lab"));

    [GeneratedRegex(@"NetPulse\.Lab\.(?<folder>\w+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Namespace();
}
