using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Query.Functions;

/// <summary>A pattern over a whole text and what its groups are put into: <c>$1</c>, <c>${name}</c>, <c>$$</c>.</summary>
/// <remarks>Source: Go's regexp.Expand: a name is as long as letters, digits and _ go on; a group that is not there is empty.</remarks>
internal sealed class LabelReplacement
{
    private readonly Regex regex;
    private readonly List<string> groups;
    private readonly string replacement;

    /// <exception cref="FormatException">It is no pattern.</exception>
    public LabelReplacement(string pattern, string replacement)
    {
        var translation = new PatternTranslation(pattern);
        var translated = translation.Translate();
        groups = [.. translation.Groups];
        this.replacement = replacement;
        try
        {
            regex = new Regex($@"\A(?:{translated})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline, Regex.InfiniteMatchTimeout);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <returns><see langword="null"/> when the text does not match.</returns>
    public string? Replace(string text)
    {
        var match = regex.Match(text);
        if (!match.Success)
        {
            return null;
        }

        var result = new StringBuilder();
        var at = 0;
        while (at < replacement.Length)
        {
            var c = replacement[at++];
            if (c != '$')
            {
                result.Append(c);
            }
            else if (Name(at, out var end) is { } name)
            {
                result.Append(Group(match, name));
                at = end;
            }
            else
            {
                result.Append('$');
                at += at < replacement.Length && replacement[at] == '$' ? 1 : 0;
            }
        }

        return result.ToString();
    }

    private string? Name(int start, out int end)
    {
        end = start;
        var braced = start < replacement.Length && replacement[start] == '{';
        var first = braced ? start + 1 : start;
        var last = first;
        while (last < replacement.Length && (char.IsLetterOrDigit(replacement[last]) || replacement[last] == '_'))
        {
            last++;
        }

        if (last == first || (braced && (last >= replacement.Length || replacement[last] != '}')))
        {
            return null;
        }

        end = braced ? last + 1 : last;
        return replacement[first..last];
    }

    private string Group(Match match, string name)
    {
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return match.Groups[number].Value;
        }

        var position = groups.IndexOf(name);
        return position < 0 ? "" : match.Groups[position + 1].Value;
    }
}
