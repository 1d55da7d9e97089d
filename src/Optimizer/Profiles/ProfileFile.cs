using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace NetPulse.Optimizer.Profiles;

/// <summary>One setting of a static profile.</summary>
/// <param name="Number">Of its line, from 1.</param>
/// <param name="Sysctl">Dotted name.</param>
/// <param name="Value">Numbers separated by one space.</param>
public sealed record ProfileLine(int Number, string Sysctl, string Value)
{
    public override string ToString() => $"{Sysctl} = {Value}";
}

/// <summary>A static profile: lines of <c>key = value</c> as sysctl.conf has them, or a ConfigMap that holds them, as a block of text or as keys of its own.</summary>
public static partial class ProfileFile
{
    private const int LongestMatchMilliseconds = 1000;

    /// <returns>Every setting, and what was not understood, with its line.</returns>
    public static (ImmutableArray<ProfileLine> Settings, ImmutableArray<string> Problems) Read(string text)
    {
        var settings = ImmutableArray.CreateBuilder<ProfileLine>();
        var problems = ImmutableArray.CreateBuilder<string>();
        var lines = text.Split('\n');
        var isObject = lines.Any(line => ObjectKind().IsMatch(line));
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].TrimEnd('\r');
            if (Setting().Match(line) is { Success: true } setting)
            {
                // A slash stands for a dot where a name has dots of its own, as an interface's.
                var name = setting.Groups["name"].Value;
                name = name.Contains('/', StringComparison.Ordinal) ? name.Replace('.', '\0').Replace('/', '.').Replace('\0', '/') : name;
                settings.Add(new ProfileLine(i + 1, name, string.Join(' ', setting.Groups["value"].Value.Trim().Trim('"', '\'').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))));
            }
            else if (!isObject && !Nothing().IsMatch(line))
            {
                problems.Add($"line {i + 1}: \"{line.Trim()}\" is no line of key = value");
            }
        }

        return (settings.ToImmutable(), problems.ToImmutable());
    }

    /// <summary>A leading hyphen, as systemd has it, allows a write to fail.</summary>
    [GeneratedRegex("""^\s*-?["']?(?<name>(net|vm|fs|kernel|dev)[./][A-Za-z0-9_./-]+?)["']?\s*[=:]\s*(?<value>[^#;]*?)\s*([#;].*)?$""", RegexOptions.ExplicitCapture, LongestMatchMilliseconds)]
    private static partial Regex Setting();

    [GeneratedRegex(@"^\s*([#;].*)?$", RegexOptions.ExplicitCapture, LongestMatchMilliseconds)]
    private static partial Regex Nothing();

    [GeneratedRegex(@"^(kind|apiVersion)\s*:", RegexOptions.ExplicitCapture, LongestMatchMilliseconds)]
    private static partial Regex ObjectKind();
}
