namespace NetPulse.Telemetry.Query.Syntax;

internal enum TokenKind
{
    End,
    Identifier,
    Number,
    Duration,
    Text,
    LeftParenthesis,
    RightParenthesis,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    Comma,
    Colon,
    At,
    Assign,
    Equal,
    NotEqual,
    MatchesRegex,
    NotMatchesRegex,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Divide,
    Remainder,
    Power,
}

/// <param name="Kind">What it is.</param>
/// <param name="Position">Of its first character in the query.</param>
/// <param name="Text">As written; of a text, what it means.</param>
internal readonly record struct Token(TokenKind Kind, int Position, string Text)
{
    /// <summary>Words of the language are written in any case; names are not.</summary>
    public bool Is(string word) => Kind == TokenKind.Identifier && string.Equals(Text, word, StringComparison.OrdinalIgnoreCase);

    public override string ToString() => Kind switch
    {
        TokenKind.End => "end of input",
        TokenKind.Text => $"string \"{Text}\"",
        TokenKind.Identifier => $"identifier \"{Text}\"",
        TokenKind.Number => $"number \"{Text}\"",
        TokenKind.Duration => $"duration \"{Text}\"",
        _ => $"\"{Text}\"",
    };
}
