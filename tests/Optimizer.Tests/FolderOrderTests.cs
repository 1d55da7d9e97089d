using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace NetPulse.Optimizer.Tests;

public sealed partial class FolderOrderTests
{
    private static readonly string[] Folders =
        ["Ingest", "Cluster", "Detection", "Diagnosis", "Policies", "Proposals", "Apply", "Verify", "Journal", "Rollout", "Schedule", "Web"];

    [Fact]
    public void No_folder_names_a_later_one() => Assert.Empty(
        from folder in Folders
        from file in Directory.EnumerateFiles(Path.Combine(Source(), folder), "*.cs", SearchOption.AllDirectories)
        from Match named in Namespace().Matches(File.ReadAllText(file))
        where Array.IndexOf(Folders, named.Groups[1].Value) > Array.IndexOf(Folders, folder)
        select $"{file} names {named.Value}");

    [Fact]
    public void Every_folder_has_its_place_in_the_order() => Assert.Empty(
        Directory.EnumerateDirectories(Source()).Select(Path.GetFileName).Except([.. Folders, "bin", "obj", "Properties"]));

    private static string Source([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../src/Optimizer"));

    [GeneratedRegex(@"NetPulse\.Optimizer\.(\w+)")]
    private static partial Regex Namespace();
}
