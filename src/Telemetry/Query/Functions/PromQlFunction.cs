using System.Collections.Immutable;
using NetPulse.Telemetry.Query.Evaluation;
using NetPulse.Telemetry.Query.Syntax;
using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query.Functions;

/// <summary>The samples of one series in one window, and when it is looked at.</summary>
/// <param name="times">Unix milliseconds, ascending; at least one.</param>
/// <param name="values">As many; none is a staleness marker.</param>
/// <param name="from">First millisecond of the window.</param>
/// <param name="to">Last millisecond of the window.</param>
/// <param name="step">The step's own time, which an offset does not move.</param>
internal readonly ref struct Window(ReadOnlySpan<long> times, ReadOnlySpan<double> values, long from, long to, long step)
{
    public ReadOnlySpan<long> Times { get; } = times;

    public ReadOnlySpan<double> Values { get; } = values;

    public long From { get; } = from;

    public long To { get; } = to;

    public long Step { get; } = step;

    public int Count => Values.Length;
}

/// <param name="window">Of the series.</param>
/// <param name="scalars">The function's other arguments, at this step.</param>
/// <returns><see cref="Absent.Value"/> when there is none.</returns>
internal delegate double WindowFunction(in Window window, ReadOnlySpan<double> scalars);

/// <summary>The roll-ups of one series in one window.</summary>
/// <param name="parts">At least one, ascending in time.</param>
/// <param name="from">First millisecond of the window.</param>
/// <param name="to">Last millisecond of the window.</param>
internal readonly ref struct RolledWindow(ReadOnlySpan<RollUp> parts, long from, long to)
{
    public ReadOnlySpan<RollUp> Parts { get; } = parts;

    public long From { get; } = from;

    public long To { get; } = to;

    /// <summary>All as one, but for the sketch.</summary>
    public RollUp Whole
    {
        get
        {
            var whole = Parts[0];
            foreach (ref readonly var part in Parts[1..])
            {
                whole = whole.Then(part);
            }

            return whole;
        }
    }
}

/// <param name="window">Of the series.</param>
/// <param name="scalars">The function's other arguments, at this step.</param>
/// <returns><see cref="Absent.Value"/> when there is none.</returns>
internal delegate double RolledFunction(in RolledWindow window, ReadOnlySpan<double> scalars);

/// <param name="value">At this step; never absent.</param>
/// <param name="scalars">The function's other arguments, at this step.</param>
/// <returns><see cref="Absent.Value"/> when there is none.</returns>
internal delegate double PointFunction(double value, ReadOnlySpan<double> scalars);

/// <summary>One function of the language: what it takes and gives, and how.</summary>
public abstract record PromQlFunction
{
    private PromQlFunction(string name, ImmutableArray<ValueKind> parameters, int optional, ValueKind returns)
    {
        Name = name;
        Parameters = parameters;
        Required = parameters.Length - optional;
        Returns = returns;
    }

    public string Name { get; }

    public ImmutableArray<ValueKind> Parameters { get; }

    /// <summary>How many arguments must be there.</summary>
    public int Required { get; }

    public bool RepeatsLast { get; private init; }

    public ValueKind Returns { get; }

    public string ArityText => RepeatsLast ? $"at least {Required}" : Required < Parameters.Length ? $"{Required} to {Parameters.Length}" : $"{Required}";

    /// <summary>A number from the samples of a window.</summary>
    internal sealed record OverWindow : PromQlFunction
    {
        public OverWindow(string name, WindowFunction function, params ImmutableArray<ValueKind> parameters)
            : base(name, parameters.IsEmpty ? [ValueKind.RangeVector] : parameters, 0, ValueKind.InstantVector) => Function = function;

        public WindowFunction Function { get; }

        public int Range => Parameters.IndexOf(ValueKind.RangeVector);

        public bool KeepsName { get; init; }

        /// <summary>The same from roll-ups; <see langword="null"/>: these do not tell.</summary>
        public RolledFunction? Rolled { get; init; }

        /// <summary>Whether <see cref="Rolled"/> needs their sketches.</summary>
        public bool NeedsSketches { get; init; }
    }

    /// <summary>A number from a number.</summary>
    internal sealed record OfEachPoint : PromQlFunction
    {
        public OfEachPoint(string name, PointFunction function, int scalars = 0, int optional = 0)
            : base(name, [ValueKind.InstantVector, .. Enumerable.Repeat(ValueKind.Scalar, scalars)], optional, ValueKind.InstantVector) => Function = function;

        public PointFunction Function { get; }
    }

    /// <summary>What needs more than one series, or no series, or the labels.</summary>
    internal sealed record Whole : PromQlFunction
    {
        public Whole(string name, ValueKind returns, Func<Evaluator, PromQlExpression.Call, StepValues> function, ImmutableArray<ValueKind> parameters, int optional = 0, bool repeatsLast = false)
            : base(name, parameters, optional, returns)
        {
            Function = function;
            RepeatsLast = repeatsLast;
        }

        public Func<Evaluator, PromQlExpression.Call, StepValues> Function { get; }
    }
}
