using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Hosting;

/// <summary>What .NET's binder and validators say about a setting, as a field and a problem for the operator.</summary>
/// <param name="Field">Below the section, dotted, as the file writes it; empty when it is not known.</param>
/// <param name="Problem">What is wrong and what is allowed.</param>
internal sealed partial record SettingsFault(string Field, string Problem)
{
    /// <summary>A value out of its range: <c>Interval: The field SamplingOptions.Interval must be between 00:00:01 and 00:05:00.</c></summary>
    internal static SettingsFault Of(OptionsValidationException e)
    {
        var first = e.Failures.First();
        var parts = first.Split(": ", 2);
        if (parts.Length < 2)
        {
            return new SettingsFault("", first);
        }

        // A nested field is named by its last part only, unless the sentence has the whole path, from the type on.
        var path = ValidatorsSubject().Match(parts[1]) is { Success: true } subject ? subject.Groups["path"].Value[(subject.Groups["path"].Value.IndexOf('.', StringComparison.Ordinal) + 1)..] : parts[0];
        return new SettingsFault(AsWritten(path), Between().Replace(ValidatorsSubject().Replace(parts[1], ""), static range =>
            $"must be {Readable(range.Groups["least"].Value)} to {Readable(range.Groups["most"].Value)}"));
    }

    /// <summary>A value of another type, or a field that is not known.</summary>
    /// <param name="section">Whose fields are listed when one is not known.</param>
    internal static SettingsFault Of(InvalidOperationException e, SettingsSection section)
    {
        if (Unknown().Match(e.Message) is { Success: true } unknown)
        {
            var known = string.Join(", ", section.Options.GetProperties().Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name)));
            return new SettingsFault(unknown.Groups["key"].Value, $"is not a known field; {section.Name} has {known}");
        }

        if (Unconvertible().Match(e.Message) is { Success: true } unconvertible)
        {
            var path = unconvertible.Groups["path"].Value;
            var field = path[(path.IndexOf(':', StringComparison.Ordinal) + 1)..].Replace(':', '.');
            var type = unconvertible.Groups["type"].Value;
            return new SettingsFault(AsWritten(field), type switch
            {
                "System.Int32" or "System.Int64" => "must be a whole number",
                "System.Double" => "must be a number",
                "System.Boolean" => "must be true or false",
                _ when (section.Options.Assembly.GetType(type) ?? typeof(SettingsFault).Assembly.GetType(type)) is { IsEnum: true } choice => $"must be one of {string.Join(", ", Enum.GetNames(choice))}",
                _ => (e.InnerException?.InnerException ?? e.InnerException)?.Message ?? e.Message,
            });
        }

        return new SettingsFault("", e.Message);
    }

    private static string AsWritten(string path) => string.Join('.', path.Split('.').Select(JsonNamingPolicy.CamelCase.ConvertName));

    private static string Readable(string bound) =>
        bound.Contains(':', StringComparison.Ordinal) && Duration.TryParse(bound, out var duration) ? Duration.Format(duration) : bound;

    [GeneratedRegex(@"^The (field )?(?<path>\S+) (field )?(?=must|is)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ValidatorsSubject();

    [GeneratedRegex(@"must be between (?<least>\S+) and (?<most>\S+?)\.?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Between();

    [GeneratedRegex(@"properties were not found on the instance of \S+: '(?<key>[^']+)'", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Unknown();

    [GeneratedRegex(@" at '(?<path>[^']+)' to type '(?<type>[^']+)'", RegexOptions.ExplicitCapture | RegexOptions.RightToLeft, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Unconvertible();
}
