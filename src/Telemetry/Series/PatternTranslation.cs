using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace NetPulse.Telemetry.Series;

/// <summary>From RE2's syntax to that of .NET, where the same letters often mean something else.</summary>
/// <remarks>Source: github.com/google/re2/wiki/Syntax. Grouping and nesting themselves are checked by .NET afterwards.</remarks>
internal sealed class PatternTranslation(string text)
{
    /// <summary>RE2 refuses more repetitions of one thing, nested ones multiplied.</summary>
    private const int MostRepetitions = 1000;

    private const string Meta = @"\.+*?()|[]{}^$";

    private static readonly Dictionary<string, string> PosixClasses = new(StringComparer.Ordinal)
    {
        ["alnum"] = "0-9A-Za-z", ["alpha"] = "A-Za-z", ["ascii"] = @"\x00-\x7F", ["blank"] = @"\t ", ["cntrl"] = @"\x00-\x1F\x7F", ["digit"] = "0-9",
        ["graph"] = "!-~", ["lower"] = "a-z", ["print"] = " -~", ["punct"] = @"!-/:-@\[-`{-~", ["space"] = @"\t\n\v\f\r ", ["upper"] = "A-Z",
        ["word"] = "0-9A-Za-z_", ["xdigit"] = "0-9A-Fa-f",
    };

    private readonly StringBuilder result = new();
    private readonly Stack<int> outer = new();
    private readonly List<string> groups = [];

    /// <summary>Repetitions inside the group that is being read, and of the item before the one being read.</summary>
    private int repetitions = 1;
    private int lastItem = 1;
    private int at;

    /// <returns>The alternatives, when the pattern holds nothing else than text; <see langword="null"/> otherwise.</returns>
    public static string[]? Literals(string text)
    {
        var inner = text.Length > 2 && text[0] == '(' && text[^1] == ')' ? text[1..^1] : text;
        var alternatives = new List<string>();
        var literal = new StringBuilder();
        var escaped = false;
        foreach (var c in inner)
        {
            if (escaped ? !char.IsAscii(c) || !char.IsPunctuation(c) : c is not ('\\' or '|') && Meta.Contains(c, StringComparison.Ordinal))
            {
                return null;
            }

            if (!escaped && c == '|')
            {
                alternatives.Add(literal.ToString());
                literal.Clear();
            }
            else if (escaped || c != '\\')
            {
                literal.Append(c);
            }

            escaped = !escaped && c == '\\';
        }

        if (escaped)
        {
            return null;
        }

        alternatives.Add(literal.ToString());
        return [.. alternatives];
    }

    /// <summary>The capturing groups so far, in order: the name of each, or nothing.</summary>
    public IReadOnlyList<string> Groups => groups;

    /// <exception cref="FormatException">RE2 does not have it.</exception>
    public string Translate()
    {
        while (at < text.Length)
        {
            var c = text[at];
            switch (c)
            {
                case '\\':
                    Item(Escape(inClass: false));
                    break;
                case '[':
                    Item(Class());
                    break;
                case '(':
                    Open();
                    break;
                case ')':
                    at++;
                    result.Append(')');
                    lastItem = repetitions;
                    repetitions = outer.Count > 0 ? Math.Max(outer.Pop(), lastItem) : throw Refused("a closing parenthesis has no opening one");
                    break;
                case '^':
                    at++;
                    Item(@"\A");
                    break;
                case '$':
                    at++;
                    Item(@"\z");
                    break;
                case '{':
                    Repeat();
                    break;
                default:
                    at++;
                    result.Append(c);
                    lastItem = c is '*' or '+' or '?' ? lastItem : 1;
                    break;
            }
        }

        return outer.Count == 0 ? result.ToString() : throw Refused("an opening parenthesis has no closing one");
    }

    private void Item(string translated)
    {
        result.Append(translated);
        lastItem = 1;
    }

    private void Open()
    {
        at++;
        outer.Push(repetitions);
        repetitions = 1;
        if (at >= text.Length || text[at] != '?')
        {
            groups.Add("");
            result.Append('(');
            return;
        }

        var group = Regex.Match(text[at..], @"\A\?(?:P?<(?<name>[A-Za-z_][A-Za-z0-9_]*)>|(?<flags>[is]*(?:-[is]+)?)(?<end>[:)]))", RegexOptions.NonBacktracking);
        if (!group.Success)
        {
            throw Refused("such a group is not supported");
        }

        at += group.Length;
        // named or not, RE2 counts groups in their order, .NET only those without names
        if (group.Groups["name"].Success)
        {
            groups.Add(group.Groups["name"].Value);
        }

        result.Append(group.Groups["name"].Success ? "(" : $"(?{group.Groups["flags"].Value}{group.Groups["end"].Value}");
        if (group.Groups["end"].Value == ")")
        {
            repetitions = outer.Pop(); // flags for what follows: no group
        }
    }

    private void Repeat()
    {
        var repeat = Regex.Match(text[at..], @"\A\{(?<least>[0-9]+)(?:,(?<most>[0-9]*))?\}", RegexOptions.NonBacktracking);
        if (!repeat.Success)
        {
            at++;
            Item(@"\{");
            return;
        }

        var most = Math.Max(Times(repeat.Groups["least"].Value), Times(repeat.Groups["most"].Value));
        lastItem = checked(Math.Max(1, most) * lastItem);
        repetitions = Math.Max(repetitions, lastItem);
        if (lastItem > MostRepetitions)
        {
            throw Refused($"more than {MostRepetitions} repetitions");
        }

        result.Append(repeat.Value);
        at += repeat.Length;
    }

    private int Times(string digits) =>
        digits.Length == 0 ? 0 : int.TryParse(digits, CultureInfo.InvariantCulture, out var times) && times <= MostRepetitions
            ? times
            : throw Refused($"more than {MostRepetitions} repetitions");

    private string Class()
    {
        var begin = at++;
        var translated = new StringBuilder("[");
        if (Next('^'))
        {
            translated.Append('^');
        }

        // the first bracket stands for itself
        if (Next(']'))
        {
            translated.Append(@"\]");
        }

        while (true)
        {
            if (at >= text.Length)
            {
                at = begin;
                throw Refused("a class has no end");
            }

            if (text[at] == ']')
            {
                at++;
                return translated.Append(']').ToString();
            }

            if (text[at] == '\\')
            {
                translated.Append(Escape(inClass: true));
            }
            else if (Regex.Match(text[at..], @"\A\[:(?<not>\^?)(?<name>[a-z]+):\]", RegexOptions.NonBacktracking) is { Success: true } posix)
            {
                if (posix.Groups["not"].Length > 0 || !PosixClasses.TryGetValue(posix.Groups["name"].Value, out var members))
                {
                    throw Refused($"the class {posix.Value} is not supported");
                }

                translated.Append(members);
                at += posix.Length;
            }
            else
            {
                // to .NET a bracket inside may subtract a class
                translated.Append(text[at] == '[' ? "\\" : "").Append(text[at]);
                at++;
            }
        }
    }

    private string Escape(bool inClass)
    {
        at++;
        if (at >= text.Length)
        {
            throw Refused("nothing follows the backslash");
        }

        var c = text[at++];
        switch (c)
        {
            case 'd':
                return inClass ? "0-9" : "[0-9]";
            case 'w':
                return inClass ? "0-9A-Za-z_" : "[0-9A-Za-z_]";
            case 's':
                return inClass ? @"\t\n\f\r " : @"[\t\n\f\r ]";
            case 'D':
                return inClass ? @"\x00-/:-\uFFFF" : "[^0-9]";
            case 'W':
                return inClass ? @"\x00-/:-@\[-\^`{-\uFFFF" : "[^0-9A-Za-z_]";
            case 'S':
                return inClass ? @"\x00-\x08\x0B\x0E-\x1F!-\uFFFF" : @"[^\t\n\f\r ]";
            case 'A' or 'z' or 'b' or 'B' when !inClass:
            case 'a' or 'f' or 't' or 'n' or 'r' or 'v':
                return $"\\{c}";
            case 'Q' when !inClass:
                return Quoted();
            case 'p' or 'P':
                return Category(c);
            case 'x':
                return Hexadecimal();
            case '0':
                return @"\x00";
            default:
                return char.IsAscii(c) && !char.IsAsciiLetterOrDigit(c) ? $"\\{c}" : throw Refused($"\\{c} is not supported");
        }
    }

    private string Quoted()
    {
        var end = text.IndexOf(@"\E", at, StringComparison.Ordinal);
        var quoted = end < 0 ? text[at..] : text[at..end];
        at = end < 0 ? text.Length : end + 2;
        return Regex.Escape(quoted);
    }

    private string Category(char escape)
    {
        var category = Regex.Match(text[at..], @"\A(?:(?<name>[A-Z])|\{(?<name>[A-Z][a-z]?)\})", RegexOptions.NonBacktracking);
        at += category.Length;
        return category.Success ? $"\\{escape}{{{category.Groups["name"].Value}}}" : throw Refused("only general categories are supported, as \\pL or \\p{Lu}");
    }

    private string Hexadecimal()
    {
        var digits = Regex.Match(text[at..], @"\A(?:(?<code>[0-9A-Fa-f]{2})|\{(?<code>[0-9A-Fa-f]{1,4})\})", RegexOptions.NonBacktracking);
        at += digits.Length;
        return digits.Success ? $"\\u{digits.Groups["code"].Value.PadLeft(4, '0')}" : throw Refused("\\x needs two digits, or up to four in braces");
    }

    private bool Next(char c)
    {
        if (at < text.Length && text[at] == c)
        {
            at++;
            return true;
        }

        return false;
    }

    private FormatException Refused(string why) => new($"The pattern {text} is not valid at character {at}: {why}");
}
