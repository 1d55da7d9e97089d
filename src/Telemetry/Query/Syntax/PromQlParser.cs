using System.Collections.Immutable;
using NetPulse.Telemetry.Query.Functions;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query.Syntax;

/// <summary>Reads a query and checks what each function and operator takes.</summary>
/// <remarks>Source: prometheus.io/docs/prometheus/latest/querying (basics, operators, functions), and Prometheus 2.42, which a test compares us with.</remarks>
public sealed class PromQlParser
{
    /// <summary>A parser that calls itself must not run out of stack.</summary>
    private const int DeepestNesting = 200;
    private const int MostOperators = 500;
    private const int LongestQueryCharacters = 256 << 10;

    private readonly string query;
    private readonly IReadOnlyList<Token> tokens;
    private int next;
    private int depth;
    private int operators;

    private PromQlParser(string query)
    {
        this.query = query;
        tokens = Lexer.Tokens(query);
    }

    private Token Current => tokens[next];

    /// <exception cref="PromQlException">It is no query, or uses what is not known: with line, column and its name.</exception>
    public static PromQlExpression Parse(string query)
    {
        if (query.Length > LongestQueryCharacters)
        {
            throw new PromQlException(PromQlFault.Refused, $"the query has {query.Length} characters; {LongestQueryCharacters} are allowed");
        }

        var parser = new PromQlParser(query);
        if (parser.Current.Kind == TokenKind.End)
        {
            throw parser.Error(parser.Current, "no expression found in input");
        }

        var expression = parser.Expression();
        return parser.Current.Kind == TokenKind.End ? expression : throw parser.Unexpected("");
    }

    /// <summary>Reads a selector alone, as <c>match[]</c> carries it.</summary>
    /// <exception cref="PromQlException">It is none.</exception>
    public static SeriesSelector ParseSelector(string query) =>
        Parse(query) is PromQlExpression.Selector { Shift: { At: null, AtEdge: null, Offset.Ticks: 0 } } selector
            ? selector.Series
            : throw PromQlException.At(query, 0, "expected a series selector");

    private PromQlExpression Expression(int lowest = 1)
    {
        if (++depth > DeepestNesting)
        {
            throw Error(Current, $"nested deeper than {DeepestNesting}");
        }

        var left = Unary();
        while (Operator(Current) is { } found && found.Precedence >= lowest)
        {
            left = Binary(left, found.Operator, found.Precedence);
        }

        depth--;
        return left;
    }

    private PromQlExpression Unary()
    {
        if (Current.Kind is not (TokenKind.Minus or TokenKind.Plus))
        {
            return Postfix(Primary());
        }

        var sign = Take();
        // binds like a multiplication, so that only a power goes before it
        var inner = Expression(6);
        if (inner.Kind is not (ValueKind.Scalar or ValueKind.InstantVector))
        {
            throw Error(sign, $"unary expression only allowed on expressions of type scalar or instant vector, got {Name(inner.Kind)}");
        }

        return sign.Kind == TokenKind.Plus ? inner
            : inner is PromQlExpression.Number number ? number with { Value = -number.Value }
            : new PromQlExpression.Negation(sign.Position, inner);
    }

    private PromQlExpression.Binary Binary(PromQlExpression left, BinaryOperator op, int precedence)
    {
        var token = Take();
        if (++operators > MostOperators)
        {
            throw Error(token, $"more than {MostOperators} operators");
        }

        var isSet = op is BinaryOperator.And or BinaryOperator.Or or BinaryOperator.Unless;
        var isComparison = op is >= BinaryOperator.Equal and <= BinaryOperator.GreaterOrEqual;
        var returnsBool = false;
        if (Current.Is("bool"))
        {
            returnsBool = isComparison ? Take().Kind == TokenKind.Identifier : throw Error(Current, "bool modifier can only be used on comparison operators");
        }

        var matchingToken = Current;
        var matching = Matching(isSet);
        var right = Expression(op == BinaryOperator.Power ? precedence : precedence + 1);
        foreach (var side in (PromQlExpression[])[left, right])
        {
            if (side.Kind is not (ValueKind.Scalar or ValueKind.InstantVector))
            {
                throw Error(token, "binary expression must contain only scalar and instant vector types");
            }

            if (isSet && side.Kind == ValueKind.Scalar)
            {
                throw Error(token, $"set operator {token.Text} not allowed in binary scalar expression");
            }

            if (matching is not null && side.Kind == ValueKind.Scalar)
            {
                throw Error(matchingToken, "vector matching only allowed between instant vectors");
            }
        }

        return isComparison && !returnsBool && left.Kind == ValueKind.Scalar && right.Kind == ValueKind.Scalar
            ? throw Error(token, "comparisons between scalars must use BOOL modifier")
            : new PromQlExpression.Binary(left.Position, op, left, right, returnsBool, matching ?? new VectorMatching(LabelChoice.All, ManySide.None, []));
    }

    private VectorMatching? Matching(bool isSet)
    {
        if (!Current.Is("on") && !Current.Is("ignoring"))
        {
            return null;
        }

        var on = new LabelChoice(Take().Is("on"), Labels());
        if (!Current.Is("group_left") && !Current.Is("group_right"))
        {
            return new VectorMatching(on, ManySide.None, []);
        }

        var group = Take();
        if (isSet)
        {
            throw Error(group, "no grouping allowed for set operations");
        }

        var included = Current.Kind == TokenKind.LeftParenthesis ? Labels() : [];
        return on.Only && included.FirstOrDefault(name => on.Names.Contains(name, StringComparer.Ordinal)) is { } twice
            ? throw Error(group, $"label \"{twice}\" must not occur in ON and GROUP clause at once")
            : new VectorMatching(on, group.Is("group_left") ? ManySide.Left : ManySide.Right, included);
    }

    private PromQlExpression Primary()
    {
        var token = Current;
        switch (token.Kind)
        {
            case TokenKind.Number:
                next++;
                return PromQlNumber.TryParse(token.Text, out var value) ? new PromQlExpression.Number(token.Position, value) : throw Unexpected("");
            case TokenKind.Text:
                next++;
                return new PromQlExpression.Text(token.Position, token.Text);
            case TokenKind.LeftParenthesis:
                next++;
                var inner = Expression();
                Take(TokenKind.RightParenthesis, "to end the parentheses");
                return inner;
            case TokenKind.LeftBrace:
                return Selector(null);
            case TokenKind.Identifier:
                return Named();
            default:
                throw Unexpected("");
        }
    }

    private PromQlExpression Named()
    {
        var name = Take();
        var follows = Current.Kind;
        if (Aggregations.TryGetValue(name.Text, out var aggregation) && (follows == TokenKind.LeftParenthesis || Current.Is("by") || Current.Is("without")))
        {
            return Aggregation(name, aggregation);
        }

        if (follows == TokenKind.LeftParenthesis)
        {
            return Call(name);
        }

        // a metric may be named as an operator is, but not a number
        return follows != TokenKind.LeftBrace && PromQlNumber.TryParse(name.Text, out var number)
            ? new PromQlExpression.Number(name.Position, number)
            : Selector(name);
    }

    private PromQlExpression.Aggregation Aggregation(Token name, AggregationKind kind)
    {
        var by = By();
        Take(TokenKind.LeftParenthesis, "after an aggregation");
        PromQlExpression? parameter = null;
        if (kind is AggregationKind.TopK or AggregationKind.BottomK or AggregationKind.Quantile or AggregationKind.CountValues)
        {
            parameter = Expression();
            var wanted = kind == AggregationKind.CountValues ? ValueKind.Text : ValueKind.Scalar;
            if (parameter.Kind != wanted)
            {
                throw PromQlException.At(query, parameter.Position, $"expected type {Name(wanted)} in aggregation parameter, got {Name(parameter.Kind)}");
            }

            Take(TokenKind.Comma, $"between the parameter of {name.Text} and its vector");
        }

        var inner = Expression();
        if (Current.Kind == TokenKind.Comma)
        {
            throw Error(Current, $"wrong number of arguments for aggregate expression {name.Text}");
        }

        Take(TokenKind.RightParenthesis, "to end an aggregation");
        if (inner.Kind != ValueKind.InstantVector)
        {
            throw PromQlException.At(query, inner.Position, $"expected type instant vector in aggregation expression, got {Name(inner.Kind)}");
        }

        return new PromQlExpression.Aggregation(name.Position, kind, parameter, inner, by ?? By() ?? new LabelChoice(true, []));
    }

    private LabelChoice? By() =>
        Current.Is("by") || Current.Is("without") ? new LabelChoice(Take().Is("by"), Labels()) : null;

    private PromQlExpression.Call Call(Token name)
    {
        if (!FunctionTable.TryGet(name.Text, out var function))
        {
            throw Error(name, $"unknown function with name \"{name.Text}\"");
        }

        next++;
        var arguments = ImmutableArray.CreateBuilder<PromQlExpression>();
        while (Current.Kind != TokenKind.RightParenthesis)
        {
            if (arguments.Count > 0)
            {
                Take(TokenKind.Comma, $"between the arguments of {name.Text}");
            }

            arguments.Add(Expression());
        }

        next++;
        if (arguments.Count < function.Required || (arguments.Count > function.Parameters.Length && !function.RepeatsLast))
        {
            throw Error(name, $"expected {function.ArityText} argument(s) in call to \"{name.Text}\", got {arguments.Count}");
        }

        for (var i = 0; i < arguments.Count; i++)
        {
            var wanted = function.Parameters[Math.Min(i, function.Parameters.Length - 1)];
            if (arguments[i].Kind != wanted)
            {
                throw PromQlException.At(query, arguments[i].Position, $"expected type {Name(wanted)} in call to function \"{name.Text}\", got {Name(arguments[i].Kind)}");
            }
        }

        return new PromQlExpression.Call(name.Position, function, arguments.ToImmutable());
    }

    private PromQlExpression.Selector Selector(Token? metric)
    {
        var start = metric?.Position ?? Current.Position;
        var matchers = ImmutableArray.CreateBuilder<LabelMatcher>();
        if (metric is { } named)
        {
            matchers.Add(new LabelMatcher(LabelSet.MetricName, MatchKind.Equal, named.Text));
        }

        if (Current.Kind == TokenKind.LeftBrace)
        {
            next++;
            while (Current.Kind != TokenKind.RightBrace)
            {
                matchers.Add(Matcher(metric));
                if (Current.Kind != TokenKind.RightBrace)
                {
                    Take(TokenKind.Comma, "between label matchers");
                }
            }

            next++;
        }

        var selector = new SeriesSelector(matchers.ToImmutable());
        return selector.Matchers.All(static matcher => matcher.Matches(""))
            ? throw PromQlException.At(query, start, "vector selector must contain at least one non-empty matcher")
            : new PromQlExpression.Selector(start, selector, default);
    }

    private LabelMatcher Matcher(Token? metric)
    {
        var name = Take(TokenKind.Identifier, "as the name of a label");
        var op = Take();
        var kind = op.Kind switch
        {
            TokenKind.Assign => MatchKind.Equal,
            TokenKind.NotEqual => MatchKind.NotEqual,
            TokenKind.MatchesRegex => MatchKind.Pattern,
            TokenKind.NotMatchesRegex => MatchKind.NotPattern,
            _ => throw Error(op, $"unexpected {op} in label matching, expected one of =, !=, =~, !~"),
        };
        var value = Take(TokenKind.Text, "as the value of a label");
        if (metric is { } named && name.Text == LabelSet.MetricName)
        {
            throw Error(name, $"metric name must not be set twice: \"{named.Text}\" or \"{value.Text}\"");
        }

        try
        {
            return new LabelMatcher(name.Text, kind, value.Text);
        }
        catch (FormatException e)
        {
            throw Error(value, e.Message);
        }
    }

    private PromQlExpression Postfix(PromQlExpression expression)
    {
        while (true)
        {
            var token = Current;
            if (token.Kind == TokenKind.LeftBracket)
            {
                next++;
                var length = Duration();
                expression = Current.Kind == TokenKind.Colon ? Subquery(token, expression, length) : Range(token, expression, length);
            }
            else if (token.Is("offset"))
            {
                next++;
                var negative = Current.Kind == TokenKind.Minus && Take().Kind == TokenKind.Minus;
                var offset = Duration(mayBeZero: true);
                expression = Shifted(token, expression, shift => shift.Offset == TimeSpan.Zero ? shift with { Offset = negative ? -offset : offset } : throw Error(token, "offset may not be set multiple times"));
            }
            else if (token.Kind == TokenKind.At)
            {
                next++;
                var at = At();
                expression = Shifted(token, expression, shift => shift is { At: null, AtEdge: null } ? shift with { At = at.Moment, AtEdge = at.Edge } : throw Error(token, "@ <timestamp> may not be set multiple times"));
            }
            else
            {
                return expression;
            }
        }
    }

    private PromQlExpression.RangeSelector Range(Token bracket, PromQlExpression expression, TimeSpan length)
    {
        Take(TokenKind.RightBracket, "to end a range");
        return expression switch
        {
            PromQlExpression.Selector { Shift: { At: null, AtEdge: null, Offset.Ticks: 0 } } selector => new(selector.Position, selector.Series, default, length),
            PromQlExpression.Selector => throw Error(bracket, "no offset modifiers or @ modifiers allowed before range"),
            _ => throw Error(bracket, "ranges only allowed for vector selectors"),
        };
    }

    private PromQlExpression.Subquery Subquery(Token bracket, PromQlExpression expression, TimeSpan length)
    {
        next++;
        TimeSpan? step = Current.Kind == TokenKind.RightBracket ? null : Duration();
        Take(TokenKind.RightBracket, "to end a subquery");
        return expression.Kind == ValueKind.InstantVector
            ? new PromQlExpression.Subquery(expression.Position, expression, default, length, step)
            : throw Error(bracket, $"subquery is only allowed on instant vector, got {Name(expression.Kind)}");
    }

    private PromQlExpression Shifted(Token token, PromQlExpression expression, Func<TimeShift, TimeShift> shift) => expression switch
    {
        PromQlExpression.Selector selector => selector with { Shift = shift(selector.Shift) },
        PromQlExpression.RangeSelector range => range with { Shift = shift(range.Shift) },
        PromQlExpression.Subquery subquery => subquery with { Shift = shift(subquery.Shift) },
        _ => throw Error(token, $"{token.Text} modifier must be preceded by an instant vector selector or range vector selector or a subquery"),
    };

    private (long? Moment, QueryEdge? Edge) At()
    {
        if (Current.Is("start") || Current.Is("end"))
        {
            var edge = Take().Is("start") ? QueryEdge.Start : QueryEdge.End;
            Take(TokenKind.LeftParenthesis, "after start or end");
            Take(TokenKind.RightParenthesis, "after start or end");
            return (null, edge);
        }

        var negative = Current.Kind is TokenKind.Minus or TokenKind.Plus && Take().Kind == TokenKind.Minus;
        var number = Take();
        return number.Kind is TokenKind.Number or TokenKind.Identifier && PromQlNumber.TryParse(number.Text, out var seconds) && Math.Abs(seconds) < 1e14
            ? ((long)Math.Round(seconds * (negative ? -1000 : 1000), MidpointRounding.AwayFromZero), null)
            : throw Error(number, $"timestamp out of bounds for @ modifier: {number.Text}");
    }

    private TimeSpan Duration(bool mayBeZero = false)
    {
        var token = Take(TokenKind.Duration, "as a length of time, as 5m");
        return PromQlDuration.TryParse(token.Text, out var duration) && (duration > TimeSpan.Zero || mayBeZero) ? duration : throw Error(token, "duration must be greater than 0");
    }

    private ImmutableArray<string> Labels()
    {
        Take(TokenKind.LeftParenthesis, "before a list of labels");
        var labels = ImmutableArray.CreateBuilder<string>();
        while (Current.Kind != TokenKind.RightParenthesis)
        {
            labels.Add(Take(TokenKind.Identifier, "as the name of a label").Text);
            if (Current.Kind != TokenKind.RightParenthesis)
            {
                Take(TokenKind.Comma, "between labels");
            }
        }

        next++;
        return labels.ToImmutable();
    }

    private Token Take() => Current.Kind == TokenKind.End ? throw Unexpected("") : tokens[next++];

    private Token Take(TokenKind kind, string why) => Current.Kind == kind ? tokens[next++] : throw Unexpected($", expected {Word(kind)} {why}");

    private PromQlException Unexpected(string expected) => Error(Current, $"unexpected {Current}{expected}");

    private PromQlException Error(Token token, string message) => PromQlException.At(query, token.Position, message);

    private static string Word(TokenKind kind) => kind switch
    {
        TokenKind.LeftParenthesis => "\"(\"",
        TokenKind.RightParenthesis => "\")\"",
        TokenKind.RightBracket => "\"]\"",
        TokenKind.Comma => "\",\"",
        TokenKind.Text => "a string",
        TokenKind.Duration => "a duration",
        _ => "an identifier",
    };

    private static string Name(ValueKind kind) => kind switch
    {
        ValueKind.Scalar => "scalar",
        ValueKind.Text => "string",
        ValueKind.InstantVector => "instant vector",
        _ => "range vector",
    };

    private static (BinaryOperator Operator, int Precedence)? Operator(Token token) => token.Kind switch
    {
        TokenKind.Equal => (BinaryOperator.Equal, 3),
        TokenKind.NotEqual => (BinaryOperator.NotEqual, 3),
        TokenKind.Less => (BinaryOperator.Less, 3),
        TokenKind.LessOrEqual => (BinaryOperator.LessOrEqual, 3),
        TokenKind.Greater => (BinaryOperator.Greater, 3),
        TokenKind.GreaterOrEqual => (BinaryOperator.GreaterOrEqual, 3),
        TokenKind.Plus => (BinaryOperator.Add, 4),
        TokenKind.Minus => (BinaryOperator.Subtract, 4),
        TokenKind.Times => (BinaryOperator.Multiply, 5),
        TokenKind.Divide => (BinaryOperator.Divide, 5),
        TokenKind.Remainder => (BinaryOperator.Remainder, 5),
        TokenKind.Power => (BinaryOperator.Power, 6),
        TokenKind.Identifier when token.Is("or") => (BinaryOperator.Or, 1),
        TokenKind.Identifier when token.Is("and") => (BinaryOperator.And, 2),
        TokenKind.Identifier when token.Is("unless") => (BinaryOperator.Unless, 2),
        TokenKind.Identifier when token.Is("atan2") => (BinaryOperator.ArcTangent, 5),
        _ => null,
    };

    /// <summary>The aggregations by their names.</summary>
    public static IReadOnlyDictionary<string, AggregationKind> Aggregations { get; } = new Dictionary<string, AggregationKind>(StringComparer.OrdinalIgnoreCase)
    {
        ["sum"] = AggregationKind.Sum,
        ["avg"] = AggregationKind.Avg,
        ["min"] = AggregationKind.Min,
        ["max"] = AggregationKind.Max,
        ["count"] = AggregationKind.Count,
        ["group"] = AggregationKind.Group,
        ["stddev"] = AggregationKind.StdDev,
        ["stdvar"] = AggregationKind.StdVar,
        ["quantile"] = AggregationKind.Quantile,
        ["topk"] = AggregationKind.TopK,
        ["bottomk"] = AggregationKind.BottomK,
        ["count_values"] = AggregationKind.CountValues,
    };
}
