using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace NetPulse.Telemetry.Series;

/// <summary>A regular expression over the whole of a label's value, in the syntax of RE2 as Prometheus takes it. Time is linear in the value's length.</summary>
/// <remarks>
/// <c>.</c> matches a line break too, as since Prometheus 3. Two differences: <c>.</c> and a class match a UTF-16 unit, so a character above U+FFFF is two,
/// and <c>\b</c> takes letters of every script for word characters. Compared by text.
/// </remarks>
public sealed class LabelPattern : IEquatable<LabelPattern>
{
    private readonly Regex? regex;
    private readonly FrozenSet<string>? literals;

    private LabelPattern(string text, FrozenSet<string>? literals, Regex? regex)
    {
        Text = text;
        this.literals = literals;
        this.regex = regex;
    }

    public string Text { get; }

    /// <summary>The only values that match, when the pattern is such a list (<c>a|b|c</c>): an index looks them up instead of trying every value.</summary>
    public IReadOnlyCollection<string>? Literals => literals;

    /// <exception cref="FormatException">It is no pattern, or one that RE2 does not have; the text says where and why.</exception>
    public static LabelPattern Parse(string text)
    {
        if (PatternTranslation.Literals(text) is { } literals)
        {
            return new LabelPattern(text, literals.ToFrozenSet(StringComparer.Ordinal), null);
        }

        var translated = new PatternTranslation(text).Translate();
        try
        {
            const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.Singleline;
            return new LabelPattern(text, null, new Regex($@"\A(?:{translated})\z", Options, Regex.InfiniteMatchTimeout));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new FormatException($"The pattern {text} is not valid: {e.Message}", e);
        }
    }

    public bool Matches(string value) => literals?.Contains(value) ?? regex!.IsMatch(value);

    public bool Equals(LabelPattern? other) => other is not null && string.Equals(Text, other.Text, StringComparison.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as LabelPattern);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Text);

    public override string ToString() => Text;
}
