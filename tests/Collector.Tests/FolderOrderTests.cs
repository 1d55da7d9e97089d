using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace NetPulse.Collector.Tests;

/// <summary>The path of a measurement is the order of the folders.</summary>
public sealed partial class FolderOrderTests
{
    private static readonly string[] Folders = ["Kernel", "Attribution", "Sources", "Sampling", "Export"];

    [Fact]
    public void No_folder_names_a_later_one() => Assert.Empty(
        from folder in Folders
        from file in Directory.EnumerateFiles(Path.Combine(Source(), folder), "*.cs", SearchOption.AllDirectories)
        from Match named in Namespace().Matches(File.ReadAllText(file))
        where Array.IndexOf(Folders, named.Groups["folder"].Value) > Array.IndexOf(Folders, folder)
        select $"{file} names {named.Value}");

    [Fact]
    public void Every_folder_has_its_place_in_the_order() => Assert.Equal(
        Folders.Order(StringComparer.Ordinal),
        Directory.EnumerateDirectories(Source()).Select(folder => Path.GetFileName(folder)).Where(name => name is not ("bin" or "obj")).Order(StringComparer.Ordinal));

    private static string Source([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "src", "Collector"));

    [GeneratedRegex(@"NetPulse\.Collector\.(?<folder>\w+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Namespace();
}
