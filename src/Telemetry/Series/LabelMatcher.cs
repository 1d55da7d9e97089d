namespace NetPulse.Telemetry.Series;

/// <summary>How a label is compared. An absent label has the empty value.</summary>
public enum MatchKind
{
    /// <summary>PromQL's <c>=</c>.</summary>
    Equal,

    /// <summary>PromQL's <c>!=</c>.</summary>
    NotEqual,

    /// <summary>PromQL's <c>=~</c>: the whole value, see <see cref="LabelPattern"/>.</summary>
    Pattern,

    /// <summary>PromQL's <c>!~</c>.</summary>
    NotPattern,
}

/// <summary>A condition on one label.</summary>
public sealed record LabelMatcher
{
    /// <exception cref="FormatException">The value is no pattern, though the kind asks for one; the text says where and why.</exception>
    public LabelMatcher(string name, MatchKind kind, string value)
    {
        Name = name;
        Kind = kind;
        Value = value;
        Pattern = kind is MatchKind.Pattern or MatchKind.NotPattern ? LabelPattern.Parse(value) : null;
    }

    public string Name { get; }

    public MatchKind Kind { get; }

    /// <summary>The value, or the pattern's text.</summary>
    public string Value { get; }

    /// <summary>Set for the two kinds that have one.</summary>
    public LabelPattern? Pattern { get; }

    public bool Matches(LabelSet labels) => Matches(labels[Name]);

    public bool Matches(string value) => Kind switch
    {
        MatchKind.Equal => string.Equals(value, Value, StringComparison.Ordinal),
        MatchKind.NotEqual => !string.Equals(value, Value, StringComparison.Ordinal),
        MatchKind.Pattern => Pattern!.Matches(value),
        _ => !Pattern!.Matches(value),
    };

    /// <summary>As PromQL writes it.</summary>
    public override string ToString() => $"{Name}{Operator}\"{Escape(Value)}\"";

    private string Operator => Kind switch
    {
        MatchKind.Equal => "=",
        MatchKind.NotEqual => "!=",
        MatchKind.Pattern => "=~",
        _ => "!~",
    };

    private static string Escape(string value) =>
        value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
