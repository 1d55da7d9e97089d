using System.Globalization;
using System.Text;
using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query.Syntax;

/// <summary>Cuts a query into tokens. Comments run from # to the end of the line.</summary>
internal sealed class Lexer(string query)
{
    private readonly List<Token> tokens = [];
    private int position;
    private int brackets;
    private bool inBraces;

    /// <exception cref="PromQlException">A character that begins nothing, a text without end, a bad escape.</exception>
    public static IReadOnlyList<Token> Tokens(string query) => new Lexer(query).Read();

    private List<Token> Read()
    {
        while (position < query.Length)
        {
            var c = query[position];
            if (char.IsWhiteSpace(c))
            {
                position++;
            }
            else if (c == '#')
            {
                var end = query.IndexOf('\n', position);
                position = end < 0 ? query.Length : end;
            }
            else if (c is '"' or '\'' or '`')
            {
                ReadText(c);
            }
            else if (char.IsAsciiDigit(c) || (c == '.' && position + 1 < query.Length && char.IsAsciiDigit(query[position + 1])))
            {
                ReadNumberOrDuration();
            }
            else if (char.IsAsciiLetter(c) || c == '_' || (c == ':' && brackets == 0 && !inBraces))
            {
                var start = position;
                while (position < query.Length && (char.IsAsciiLetterOrDigit(query[position]) || query[position] == '_' || (query[position] == ':' && brackets == 0 && !inBraces)))
                {
                    position++;
                }

                tokens.Add(new Token(TokenKind.Identifier, start, query[start..position]));
            }
            else
            {
                ReadSign();
            }
        }

        tokens.Add(new Token(TokenKind.End, query.Length, ""));
        return tokens;
    }

    private void ReadSign()
    {
        var two = query.AsSpan(position, Math.Min(2, query.Length - position));
        var kind = two switch
        {
            "==" => TokenKind.Equal,
            "!=" => TokenKind.NotEqual,
            "=~" => TokenKind.MatchesRegex,
            "!~" => TokenKind.NotMatchesRegex,
            "<=" => TokenKind.LessOrEqual,
            ">=" => TokenKind.GreaterOrEqual,
            _ => TokenKind.End,
        };
        var length = kind == TokenKind.End ? 1 : 2;
        if (length == 1)
        {
            kind = query[position] switch
            {
                '(' => TokenKind.LeftParenthesis,
                ')' => TokenKind.RightParenthesis,
                '{' => TokenKind.LeftBrace,
                '}' => TokenKind.RightBrace,
                '[' => TokenKind.LeftBracket,
                ']' => TokenKind.RightBracket,
                ',' => TokenKind.Comma,
                ':' => TokenKind.Colon,
                '@' => TokenKind.At,
                '=' => TokenKind.Assign,
                '<' => TokenKind.Less,
                '>' => TokenKind.Greater,
                '+' => TokenKind.Plus,
                '-' => TokenKind.Minus,
                '*' => TokenKind.Times,
                '/' => TokenKind.Divide,
                '%' => TokenKind.Remainder,
                '^' => TokenKind.Power,
                _ => throw Error(position, $"unexpected character: '{query[position]}'"),
            };
            brackets += kind == TokenKind.LeftBracket ? 1 : kind == TokenKind.RightBracket ? -1 : 0;
            inBraces = kind == TokenKind.LeftBrace || (inBraces && kind != TokenKind.RightBrace);
        }

        tokens.Add(new Token(kind, position, query.Substring(position, length)));
        position += length;
    }

    private void ReadNumberOrDuration()
    {
        var start = position;
        if (query[position] == '0' && position + 1 < query.Length && query[position + 1] is 'x' or 'X')
        {
            position += 2;
            SkipWhile(char.IsAsciiHexDigit);
        }
        else
        {
            SkipWhile(char.IsAsciiDigit);
            if (IsDurationUnit())
            {
                ReadDuration(start);
                return;
            }

            if (position < query.Length && query[position] == '.')
            {
                position++;
                SkipWhile(char.IsAsciiDigit);
            }

            if (position < query.Length && query[position] is 'e' or 'E')
            {
                position++;
                position += position < query.Length && query[position] is '+' or '-' ? 1 : 0;
                SkipWhile(char.IsAsciiDigit);
            }
        }

        var text = query[start..position];
        if ((position < query.Length && (char.IsAsciiLetterOrDigit(query[position]) || query[position] is '_' or '.')) || !PromQlNumber.TryParse(text, out _))
        {
            throw Error(start, $"bad number or duration syntax: \"{query[start..Math.Min(query.Length, position + 1)]}\"");
        }

        tokens.Add(new Token(TokenKind.Number, start, text));
    }

    private void ReadDuration(int start)
    {
        while (IsDurationUnit())
        {
            SkipWhile(char.IsAsciiLetter);
            SkipWhile(char.IsAsciiDigit);
        }

        var text = query[start..position];
        if (!PromQlDuration.TryParse(text, out _))
        {
            throw Error(start, $"not a valid duration string: \"{text}\"");
        }

        tokens.Add(new Token(TokenKind.Duration, start, text));
    }

    private bool IsDurationUnit() => position < query.Length && query[position] is 's' or 'm' or 'h' or 'd' or 'w' or 'y';

    private void SkipWhile(Func<char, bool> condition)
    {
        while (position < query.Length && condition(query[position]))
        {
            position++;
        }
    }

    private void ReadText(char quote)
    {
        var start = position++;
        var text = new StringBuilder();
        while (true)
        {
            if (position >= query.Length || (quote != '`' && query[position] == '\n'))
            {
                throw Error(start, "unterminated quoted string");
            }

            var c = query[position++];
            if (c == quote)
            {
                break;
            }

            if (c == '\\' && quote != '`')
            {
                ReadEscape(text, quote);
            }
            else
            {
                text.Append(c);
            }
        }

        tokens.Add(new Token(TokenKind.Text, start, text.ToString()));
    }

    private void ReadEscape(StringBuilder text, char quote)
    {
        var start = position - 1;
        var c = position < query.Length ? query[position++] : '\0';
        switch (c)
        {
            case 'a' or 'b' or 'f' or 'n' or 'r' or 't' or 'v' or '\\':
                text.Append("\a\b\f\n\r\t\v\\"["abfnrtv\\".IndexOf(c, StringComparison.Ordinal)]);
                break;
            case 'x':
                text.Append((char)Code(start, 2, 16));
                break;
            case 'u':
                text.Append(Rune(start, Code(start, 4, 16)));
                break;
            case 'U':
                text.Append(Rune(start, Code(start, 8, 16)));
                break;
            case >= '0' and <= '7':
                position--;
                text.Append((char)Code(start, 3, 8));
                break;
            default:
                if (c != quote)
                {
                    throw Error(start, $"unknown escape sequence '\\{c}'");
                }

                text.Append(c);
                break;
        }
    }

    private long Code(int start, int digits, int radix)
    {
        long code = 0;
        for (var i = 0; i < digits; i++)
        {
            var digit = position < query.Length && char.IsAsciiHexDigit(query[position]) ? int.Parse(query.AsSpan(position, 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture) : radix;
            if (digit >= radix)
            {
                throw Error(start, "an escape sequence has too few digits");
            }

            code = (code * radix) + digit;
            position++;
        }

        return code;
    }

    private Rune Rune(int start, long code) =>
        code <= int.MaxValue && System.Text.Rune.IsValid((int)code) ? new Rune((int)code) : throw Error(start, "an escape sequence is no Unicode code point");

    private PromQlException Error(int at, string message) => PromQlException.At(query, at, message);
}
