using System.Collections.Immutable;
using NetPulse.Telemetry.Query.Functions;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Query.Syntax;

/// <summary>What an expression gives at one moment.</summary>
public enum ValueKind
{
    Scalar,
    Text,

    /// <summary>One sample a series.</summary>
    InstantVector,

    /// <summary>The samples of a window a series.</summary>
    RangeVector,
}

public enum BinaryOperator
{
    Or,
    And,
    Unless,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    ArcTangent,
    Power,
}

public enum AggregationKind
{
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Group,
    StdDev,
    StdVar,
    Quantile,
    TopK,
    BottomK,
    CountValues,
}

/// <summary>Which side of a match has many series for one of the other.</summary>
public enum ManySide
{
    None,
    Left,
    Right,
}

/// <param name="At">The one moment that is looked at; <see langword="null"/>: each step's own.</param>
/// <param name="AtEdge">The query's first or last step instead; <see langword="null"/>: neither.</param>
/// <param name="Offset">How far before it.</param>
public readonly record struct TimeShift(long? At, QueryEdge? AtEdge, TimeSpan Offset);

public enum QueryEdge
{
    Start,
    End,
}

/// <summary>Which labels tell groups, or matches, apart.</summary>
/// <param name="Only">True: only those; false: all but those and the metric's name.</param>
public sealed record LabelChoice(bool Only, ImmutableArray<string> Names)
{
    public static readonly LabelChoice All = new(false, []);
}

/// <param name="On">Which labels must be equal.</param>
/// <param name="Many">Which side may have many series.</param>
/// <param name="Included">Labels that the result takes from the other side.</param>
public sealed record VectorMatching(LabelChoice On, ManySide Many, ImmutableArray<string> Included);

/// <summary>A query, read. Positions count the query's characters from 0.</summary>
public abstract record PromQlExpression
{
    private PromQlExpression(int position, ValueKind kind)
    {
        Position = position;
        Kind = kind;
    }

    public int Position { get; }

    public ValueKind Kind { get; }

    public sealed record Number(int Start, double Value) : PromQlExpression(Start, ValueKind.Scalar);

    public sealed record Text(int Start, string Value) : PromQlExpression(Start, ValueKind.Text);

    public sealed record Selector(int Start, SeriesSelector Series, TimeShift Shift) : PromQlExpression(Start, ValueKind.InstantVector);

    public sealed record RangeSelector(int Start, SeriesSelector Series, TimeShift Shift, TimeSpan Length) : PromQlExpression(Start, ValueKind.RangeVector);

    /// <param name="Step">Between two evaluations; <see langword="null"/>: a minute.</param>
    public sealed record Subquery(int Start, PromQlExpression Inner, TimeShift Shift, TimeSpan Length, TimeSpan? Step) : PromQlExpression(Start, ValueKind.RangeVector);

    public sealed record Call(int Start, PromQlFunction Function, ImmutableArray<PromQlExpression> Arguments) : PromQlExpression(Start, Function.Returns);

    public sealed record Aggregation(int Start, AggregationKind Aggregate, PromQlExpression? Parameter, PromQlExpression Inner, LabelChoice By)
        : PromQlExpression(Start, ValueKind.InstantVector);

    public sealed record Negation(int Start, PromQlExpression Inner) : PromQlExpression(Start, Inner.Kind);

    /// <param name="ReturnsBool">A comparison gives 0 or 1 instead of dropping what does not hold.</param>
    public sealed record Binary(int Start, BinaryOperator Operator, PromQlExpression Left, PromQlExpression Right, bool ReturnsBool, VectorMatching Matching)
        : PromQlExpression(Start, Left.Kind == ValueKind.Scalar ? Right.Kind : Left.Kind);
}
