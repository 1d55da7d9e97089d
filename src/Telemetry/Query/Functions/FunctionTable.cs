using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using NetPulse.Telemetry.Query.Syntax;

namespace NetPulse.Telemetry.Query.Functions;

/// <summary>Every function that a query may call.</summary>
public static class FunctionTable
{
    private const ValueKind Range = ValueKind.RangeVector;
    private const ValueKind Vector = ValueKind.InstantVector;
    private const ValueKind Scalar = ValueKind.Scalar;
    private const ValueKind Text = ValueKind.Text;

    private static readonly FrozenDictionary<string, PromQlFunction> Functions = new PromQlFunction[]
    {
        new PromQlFunction.OverWindow("rate", CounterFunctions.Rate) { Rolled = RolledFunctions.Rate },
        new PromQlFunction.OverWindow("increase", CounterFunctions.Increase) { Rolled = RolledFunctions.Increase },
        new PromQlFunction.OverWindow("delta", CounterFunctions.Delta) { Rolled = RolledFunctions.Delta },
        new PromQlFunction.OverWindow("irate", CounterFunctions.InstantRate),
        new PromQlFunction.OverWindow("idelta", CounterFunctions.InstantDelta),
        new PromQlFunction.OverWindow("resets", CounterFunctions.Resets),
        new PromQlFunction.OverWindow("changes", CounterFunctions.Changes),
        new PromQlFunction.OverWindow("sum_over_time", OverTimeFunctions.Sum) { Rolled = RolledFunctions.Sum },
        new PromQlFunction.OverWindow("avg_over_time", OverTimeFunctions.Average) { Rolled = RolledFunctions.Average },
        new PromQlFunction.OverWindow("min_over_time", OverTimeFunctions.Min) { Rolled = RolledFunctions.Min },
        new PromQlFunction.OverWindow("max_over_time", OverTimeFunctions.Max) { Rolled = RolledFunctions.Max },
        new PromQlFunction.OverWindow("count_over_time", OverTimeFunctions.Count) { Rolled = RolledFunctions.Count },
        new PromQlFunction.OverWindow("last_over_time", OverTimeFunctions.Last) { KeepsName = true, Rolled = RolledFunctions.Last },
        new PromQlFunction.OverWindow("present_over_time", OverTimeFunctions.Present) { Rolled = RolledFunctions.Present },
        new PromQlFunction.OverWindow("stddev_over_time", OverTimeFunctions.StandardDeviation),
        new PromQlFunction.OverWindow("stdvar_over_time", OverTimeFunctions.StandardVariance),
        new PromQlFunction.OverWindow("quantile_over_time", OverTimeFunctions.Quantile, Scalar, Range) { Rolled = RolledFunctions.Quantile, NeedsSketches = true },
        new PromQlFunction.OverWindow("deriv", TrendFunctions.Derivative),
        new PromQlFunction.OverWindow("predict_linear", TrendFunctions.PredictLinear, Range, Scalar),
        new PromQlFunction.OverWindow("holt_winters", TrendFunctions.HoltWinters, Range, Scalar, Scalar),
        new PromQlFunction.Whole("absent_over_time", Vector, LabelFunctions.Absence, [Range]),
        new PromQlFunction.Whole("absent", Vector, LabelFunctions.Absence, [Vector]),
        new PromQlFunction.Whole("histogram_quantile", Vector, LabelFunctions.HistogramQuantile, [Scalar, Vector]),
        new PromQlFunction.Whole("label_replace", Vector, LabelFunctions.Replace, [Vector, Text, Text, Text, Text]),
        new PromQlFunction.Whole("label_join", Vector, LabelFunctions.Join, [Vector, Text, Text, Text], optional: 1, repeatsLast: true),
        new PromQlFunction.Whole("time", Scalar, VectorFunctions.Time, []),
        new PromQlFunction.Whole("pi", Scalar, VectorFunctions.Pi, []),
        new PromQlFunction.Whole("scalar", Scalar, VectorFunctions.Scalar, [Vector]),
        new PromQlFunction.Whole("vector", Vector, VectorFunctions.Vector, [Scalar]),
        new PromQlFunction.Whole("timestamp", Vector, VectorFunctions.Timestamp, [Vector]),
        new PromQlFunction.Whole("sort", Vector, VectorFunctions.Sort, [Vector]),
        new PromQlFunction.Whole("sort_desc", Vector, VectorFunctions.Sort, [Vector]),
        VectorFunctions.Calendar("minute", static date => date.Minute),
        VectorFunctions.Calendar("hour", static date => date.Hour),
        VectorFunctions.Calendar("day_of_week", static date => (int)date.DayOfWeek),
        VectorFunctions.Calendar("day_of_month", static date => date.Day),
        VectorFunctions.Calendar("day_of_year", static date => date.DayOfYear),
        VectorFunctions.Calendar("days_in_month", static date => DateTime.DaysInMonth(date.Year, date.Month)),
        VectorFunctions.Calendar("month", static date => date.Month),
        VectorFunctions.Calendar("year", static date => date.Year),
        new PromQlFunction.OfEachPoint("abs", static (value, _) => Math.Abs(value)),
        new PromQlFunction.OfEachPoint("ceil", static (value, _) => Math.Ceiling(value)),
        new PromQlFunction.OfEachPoint("floor", static (value, _) => Math.Floor(value)),
        new PromQlFunction.OfEachPoint("round", Round, scalars: 1, optional: 1),
        new PromQlFunction.OfEachPoint("clamp", static (value, bounds) => bounds[1] < bounds[0] ? Absent.Value : Math.Max(bounds[0], Math.Min(bounds[1], value)), scalars: 2),
        new PromQlFunction.OfEachPoint("clamp_min", static (value, bounds) => Math.Max(bounds[0], value), scalars: 1),
        new PromQlFunction.OfEachPoint("clamp_max", static (value, bounds) => Math.Min(bounds[0], value), scalars: 1),
        new PromQlFunction.OfEachPoint("exp", static (value, _) => Math.Exp(value)),
        new PromQlFunction.OfEachPoint("sqrt", static (value, _) => Math.Sqrt(value)),
        new PromQlFunction.OfEachPoint("ln", static (value, _) => Math.Log(value)),
        new PromQlFunction.OfEachPoint("log2", static (value, _) => Math.Log2(value)),
        new PromQlFunction.OfEachPoint("log10", static (value, _) => Math.Log10(value)),
        new PromQlFunction.OfEachPoint("sgn", static (value, _) => double.IsNaN(value) ? value : value < 0 ? -1 : value > 0 ? 1 : value),
        new PromQlFunction.OfEachPoint("sin", static (value, _) => Math.Sin(value)),
        new PromQlFunction.OfEachPoint("cos", static (value, _) => Math.Cos(value)),
        new PromQlFunction.OfEachPoint("tan", static (value, _) => Math.Tan(value)),
        new PromQlFunction.OfEachPoint("asin", static (value, _) => Math.Asin(value)),
        new PromQlFunction.OfEachPoint("acos", static (value, _) => Math.Acos(value)),
        new PromQlFunction.OfEachPoint("atan", static (value, _) => Math.Atan(value)),
        new PromQlFunction.OfEachPoint("sinh", static (value, _) => Math.Sinh(value)),
        new PromQlFunction.OfEachPoint("cosh", static (value, _) => Math.Cosh(value)),
        new PromQlFunction.OfEachPoint("tanh", static (value, _) => Math.Tanh(value)),
        new PromQlFunction.OfEachPoint("asinh", static (value, _) => Math.Asinh(value)),
        new PromQlFunction.OfEachPoint("acosh", static (value, _) => Math.Acosh(value)),
        new PromQlFunction.OfEachPoint("atanh", static (value, _) => Math.Atanh(value)),
        new PromQlFunction.OfEachPoint("deg", static (value, _) => value * 180 / Math.PI),
        new PromQlFunction.OfEachPoint("rad", static (value, _) => value * Math.PI / 180),
    }.ToFrozenDictionary(static function => function.Name, StringComparer.Ordinal);

    /// <summary>In order of name.</summary>
    public static IReadOnlyList<PromQlFunction> All { get; } = [.. Functions.Values.OrderBy(static function => function.Name, StringComparer.Ordinal)];

    public static bool TryGet(string name, [MaybeNullWhen(false)] out PromQlFunction function) => Functions.TryGetValue(name, out function);

    /// <summary>Half goes up; without a second argument to whole numbers.</summary>
    private static double Round(double value, ReadOnlySpan<double> to)
    {
        var inverse = to.IsEmpty ? 1 : 1 / to[0];
        return Math.Floor((value * inverse) + 0.5) / inverse;
    }
}
