using NetPulse.Telemetry.Query.Evaluation;
using NetPulse.Telemetry.Query.Syntax;
using NetPulse.Telemetry.Series;

namespace NetPulse.Telemetry.Query.Functions;

/// <summary>Functions between scalars and vectors, of time, and of order.</summary>
internal static class VectorFunctions
{
    public static StepValues Time(Evaluator evaluator, PromQlExpression.Call call) => new StepValues.Scalar(Now(evaluator));

    public static StepValues Pi(Evaluator evaluator, PromQlExpression.Call call) => new StepValues.Scalar(evaluator.Filled(Math.PI));

    public static StepValues Vector(Evaluator evaluator, PromQlExpression.Call call) =>
        new StepValues.Vector([new StepSeries(LabelSet.Empty, evaluator.Scalar(call.Arguments[0]))]);

    /// <summary>The value of the only series; NaN where there is none or another.</summary>
    public static StepValues Scalar(Evaluator evaluator, PromQlExpression.Call call)
    {
        var result = evaluator.Filled(double.NaN);
        var counts = new int[result.Length];
        foreach (var series in evaluator.Vector(call.Arguments[0]))
        {
            for (var i = 0; i < result.Length; i++)
            {
                if (!Absent.Is(series.Values[i]))
                {
                    result[i] = ++counts[i] == 1 ? series.Values[i] : double.NaN;
                }
            }
        }

        return new StepValues.Scalar(result);
    }

    /// <summary>When each value was taken; of a calculated one, the step's own time.</summary>
    public static StepValues Timestamp(Evaluator evaluator, PromQlExpression.Call call)
    {
        var argument = call.Arguments[0];
        return new StepValues.Vector(Evaluator.Nameless(argument, argument is PromQlExpression.Selector selector ? evaluator.Instant(selector, ofTime: true) : Calculated()));

        IEnumerable<StepSeries> Calculated()
        {
            foreach (var series in evaluator.Vector(argument))
            {
                for (var i = 0; i < series.Values.Length; i++)
                {
                    series.Values[i] = Absent.Is(series.Values[i]) ? Absent.Value : evaluator.Grid.At(i) / 1000.0;
                }

                yield return series;
            }
        }
    }

    /// <summary>By value, NaN last. Over several steps there is no such order, and none is made.</summary>
    public static StepValues Sort(Evaluator evaluator, PromQlExpression.Call call)
    {
        var series = evaluator.Vector(call.Arguments[0]);
        if (evaluator.Grid.Count == 1)
        {
            var numbers = series.ToLookup(static one => double.IsNaN(one.Values[0]));
            series = [.. call.Function.Name == "sort" ? numbers[false].OrderBy(Value) : numbers[false].OrderByDescending(Value), .. numbers[true]];
        }

        return new StepValues.Vector(series);
    }

    /// <summary>A field of the calendar (UTC) of each value in Unix seconds; of the step's own time without an argument.</summary>
    public static PromQlFunction Calendar(string name, Func<DateTimeOffset, int> field)
    {
        return new PromQlFunction.Whole(name, ValueKind.InstantVector, Evaluate, [ValueKind.InstantVector], optional: 1);

        StepValues Evaluate(Evaluator evaluator, PromQlExpression.Call call)
        {
            if (call.Arguments.IsEmpty)
            {
                return new StepValues.Vector([Field(new StepSeries(LabelSet.Empty, Now(evaluator)))]);
            }

            return new StepValues.Vector(Evaluator.Nameless(call.Arguments[0], evaluator.Vector(call.Arguments[0]).Select(Field)));
        }

        StepSeries Field(StepSeries series)
        {
            for (var i = 0; i < series.Values.Length; i++)
            {
                series.Values[i] = Absent.Is(series.Values[i]) ? Absent.Value : Date(series.Values[i]) is { } date ? field(date) : double.NaN;
            }

            return series;
        }
    }

    private static DateTimeOffset? Date(double unixSeconds) =>
        unixSeconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && unixSeconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds((long)unixSeconds)
            : null;

    private static double Value(StepSeries series) => series.Values[0];

    private static double[] Now(Evaluator evaluator)
    {
        var values = evaluator.Filled(0);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = evaluator.Grid.At(i) / 1000.0;
        }

        return values;
    }
}
