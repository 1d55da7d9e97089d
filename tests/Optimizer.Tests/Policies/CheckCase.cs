using System.Runtime.CompilerServices;

namespace NetPulse.Optimizer.Tests.Policies;

/// <summary>
/// One case of a <c>.cases</c> file: <c>== ID yes|no|unknown</c>, the manifests, then parts as <c>@corefile</c>, <c>@inventory shop</c> (a file beside it),
/// <c>@node /PATH</c> (<c>@node b/PATH</c> of another node), <c>@executable /PATH</c> or <c>@mode 644 /PATH</c>.
/// </summary>
internal sealed record CheckCase(string Id, string Expected, IReadOnlyList<(string Kind, string Text)> Parts)
{
    public static string Folder => Path.Combine(Path.GetDirectoryName(ThisFile())!, "CheckCases");

    public static IEnumerable<CheckCase> Read(string file)
    {
        foreach (var text in $"\n{File.ReadAllText(file)}".Split("\n== ", StringSplitOptions.RemoveEmptyEntries))
        {
            var lines = text.Split('\n');
            var parts = new List<(string Kind, string Text)> { ("manifests", "") };
            foreach (var line in lines.Skip(1))
            {
                if (line.StartsWith('@'))
                {
                    parts.Add((line[1..], ""));
                }
                else
                {
                    parts[^1] = (parts[^1].Kind, $"{parts[^1].Text}{line}\n");
                }
            }

            yield return new CheckCase(lines[0].Split(' ')[0], lines[0].Split(' ')[1], parts);
        }
    }

    /// <summary>Writes the case's files and gives the words of the command line.</summary>
    public List<string> Write(string folder)
    {
        var manifests = Directory.CreateDirectory(Path.Combine(folder, "manifests")).FullName;
        var words = new List<string> { "check", manifests, "--format", "json" };
        foreach (var (kind, text) in Parts)
        {
            switch (kind.Split(' '))
            {
                case ["manifests"]:
                    File.WriteAllText(Path.Combine(manifests, "case.yaml"), text);
                    break;
                case ["inventory", .. var which]:
                    File.Copy(Path.Combine(Folder, $"{which.FirstOrDefault("inventory")}.yaml"), Path.Combine(manifests, "inventory.yaml"));
                    break;
                case ["node", var path]:
                    WriteNode(folder, path, text, words);
                    break;
                case ["executable", var path]:
                    SetMode(WriteNode(folder, path, text, words), "755");
                    break;
                case ["mode", var mode, var path]:
                    SetMode(WriteNode(folder, path, text, words), mode);
                    break;
                case ["cni", var name]:
                    Directory.CreateDirectory($"{folder}/cni");
                    File.WriteAllText($"{folder}/cni/{name}", text.TrimEnd('\n'));
                    words.AddRange(words.Contains("--cni") ? [] : ["--cni", $"{folder}/cni"]);
                    break;
                case [var option]:
                    File.WriteAllText($"{folder}/{option}", text);
                    words.AddRange([$"--{option}", $"{folder}/{option}"]);
                    break;
                default:
                    throw new FormatException(kind);
            }
        }

        return words;
    }

    private static string WriteNode(string folder, string path, string text, List<string> words)
    {
        var node = $"{folder}/node{path[..path.IndexOf('/', StringComparison.Ordinal)]}";
        words.AddRange(words.Contains(node) ? [] : ["--node", node]);
        var file = node + path[path.IndexOf('/', StringComparison.Ordinal)..];
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text.TrimEnd('\n') + "\n");
        return file;
    }

    private static void SetMode(string file, string octal)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, (UnixFileMode)Convert.ToInt32(octal, 8));
        }
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
