using System.Text.RegularExpressions;

namespace NetPulse.Tuner.Tests;

public sealed partial class FolderOrderTests
{
    private static readonly string[] Folders = ["Knobs", "Namespaces", "Desired"];

    [Fact]
    public void No_folder_names_a_later_one() => Assert.Empty(
        from folder in Folders
        from file in Directory.EnumerateFiles(Path.Combine(Source(), folder), "*.cs", SearchOption.AllDirectories)
        from Match named in Namespaces().Matches(File.ReadAllText(file))
        where Array.IndexOf(Folders, named.Groups["folder"].Value) > Array.IndexOf(Folders, folder)
        select $"{file} names {named.Value}");

    [Fact]
    public void Every_folder_is_in_the_list() => Assert.Equal(
        Folders.Order(StringComparer.Ordinal),
        Directory.EnumerateDirectories(Source()).Select(Path.GetFileName).Where(name => name is not ("bin" or "obj")).Order(StringComparer.Ordinal));

    private static string Source() => Path.Combine(Repository.Root(), "src", "Tuner");

    [GeneratedRegex(@"NetPulse\.Tuner\.(?<folder>\w+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Namespaces();
}
