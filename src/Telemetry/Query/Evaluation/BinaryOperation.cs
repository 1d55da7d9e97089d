using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using NetPulse.Telemetry.Query.Functions;
using NetPulse.Telemetry.Query.Syntax;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query.Evaluation;

/// <summary>Operators between scalars and vectors.</summary>
internal static class BinaryOperation
{
    public static StepValues Evaluate(Evaluator evaluator, PromQlExpression.Binary binary) => (binary.Left.Kind, binary.Right.Kind) switch
    {
        (ValueKind.Scalar, ValueKind.Scalar) => new StepValues.Scalar(Scalars(evaluator, binary)),
        (ValueKind.InstantVector, ValueKind.Scalar) => new StepValues.Vector(WithScalar(evaluator, binary, binary.Left, evaluator.Scalar(binary.Right), scalarIsLeft: false)),
        (ValueKind.Scalar, ValueKind.InstantVector) => new StepValues.Vector(WithScalar(evaluator, binary, binary.Right, evaluator.Scalar(binary.Left), scalarIsLeft: true)),
        _ => new StepValues.Vector(new VectorMatch(evaluator, binary).Series()),
    };

    public static bool IsComparison(BinaryOperator op) => op is >= BinaryOperator.Equal and <= BinaryOperator.GreaterOrEqual;

    /// <summary>Of an arithmetic operator the result; of a comparison 1 where it holds, else 0.</summary>
    [SuppressMessage("Major Bug", "S1244", Justification = "The language compares exactly.")]
    public static double Apply(BinaryOperator op, double left, double right) => op switch
    {
        BinaryOperator.Equal => left == right ? 1 : 0,
        BinaryOperator.NotEqual => left != right ? 1 : 0,
        BinaryOperator.Less => left < right ? 1 : 0,
        BinaryOperator.LessOrEqual => left <= right ? 1 : 0,
        BinaryOperator.Greater => left > right ? 1 : 0,
        BinaryOperator.GreaterOrEqual => left >= right ? 1 : 0,
        BinaryOperator.Add => left + right,
        BinaryOperator.Subtract => left - right,
        BinaryOperator.Multiply => left * right,
        BinaryOperator.Divide => left / right,
        BinaryOperator.Remainder => left % right,
        BinaryOperator.Power => Math.Pow(left, right),
        BinaryOperator.ArcTangent => Math.Atan2(left, right),
        _ => throw new InvalidOperationException($"{op} is no operator between numbers"),
    };

    private static double[] Scalars(Evaluator evaluator, PromQlExpression.Binary binary)
    {
        var left = evaluator.Scalar(binary.Left);
        var right = evaluator.Scalar(binary.Right);
        for (var i = 0; i < left.Length; i++)
        {
            left[i] = Apply(binary.Operator, left[i], right[i]);
        }

        return left;
    }

    private static IEnumerable<StepSeries> WithScalar(Evaluator evaluator, PromQlExpression.Binary binary, PromQlExpression vector, double[] scalar, bool scalarIsLeft)
    {
        var filters = IsComparison(binary.Operator) && !binary.ReturnsBool;
        return filters ? Compute() : Evaluator.Nameless(vector, Compute());

        IEnumerable<StepSeries> Compute()
        {
            foreach (var series in evaluator.Vector(vector))
            {
                var values = series.Values;
                var any = false;
                for (var i = 0; i < values.Length; i++)
                {
                    if (Absent.Is(values[i]))
                    {
                        continue;
                    }

                    var result = scalarIsLeft ? Apply(binary.Operator, scalar[i], values[i]) : Apply(binary.Operator, values[i], scalar[i]);
                    values[i] = !filters ? result : result == 0 ? Absent.Value : values[i];
                    any |= !Absent.Is(values[i]);
                }

                if (any)
                {
                    yield return series;
                }
            }
        }
    }

    /// <summary>Finds for each series of one vector its match in the other.</summary>
    private sealed class VectorMatch(Evaluator evaluator, PromQlExpression.Binary binary)
    {
        private readonly VectorMatching matching = binary.Matching;

        public IEnumerable<StepSeries> Series()
        {
            var left = evaluator.Vector(binary.Left).ToList();
            var right = evaluator.Vector(binary.Right).ToList();
            return binary.Operator switch
            {
                BinaryOperator.And => Kept(left, Signatures(right), wanted: true),
                BinaryOperator.Unless => Kept(left, Signatures(right), wanted: false),
                BinaryOperator.Or => Evaluator.Merged([.. left, .. Kept(right, Signatures(left), wanted: false)]),
                _ => matching.Many == ManySide.Right ? Combined(right, left) : Combined(left, right),
            };
        }

        private LabelSet Signature(LabelSet labels) => matching.On.Only ? labels.Only(matching.On.Names) : labels.WithoutName().Without(matching.On.Names);

        /// <summary>For each signature, at which steps a series has it.</summary>
        private Dictionary<LabelSet, bool[]> Signatures(List<StepSeries> vector)
        {
            var signatures = new Dictionary<LabelSet, bool[]>();
            foreach (var series in vector)
            {
                ref var present = ref CollectionsMarshal.GetValueRefOrAddDefault(signatures, Signature(series.Labels), out _);
                present ??= new bool[series.Values.Length];
                for (var i = 0; i < present.Length; i++)
                {
                    present[i] |= !Absent.Is(series.Values[i]);
                }
            }

            return signatures;
        }

        private IEnumerable<StepSeries> Kept(List<StepSeries> vector, Dictionary<LabelSet, bool[]> other, bool wanted)
        {
            foreach (var series in vector)
            {
                var present = other.GetValueOrDefault(Signature(series.Labels));
                for (var i = 0; i < series.Values.Length; i++)
                {
                    series.Values[i] = (present is not null && present[i]) == wanted ? series.Values[i] : Absent.Value;
                }

                if (series.HasValues)
                {
                    yield return series;
                }
            }
        }

        private IEnumerable<StepSeries> Combined(List<StepSeries> many, List<StepSeries> one)
        {
            var sides = Sides(one);
            RefuseDuplicates(sides, many);
            var filters = IsComparison(binary.Operator) && !binary.ReturnsBool;
            var results = new Dictionary<LabelSet, double[]>();
            var matched = new Dictionary<LabelSet, bool[]>();
            foreach (var series in many)
            {
                var signature = Signature(series.Labels);
                if (!sides.TryGetValue(signature, out var partners))
                {
                    continue;
                }

                ref var used = ref CollectionsMarshal.GetValueRefOrAddDefault(matched, signature, out _);
                used ??= new bool[series.Values.Length];
                foreach (var partner in partners)
                {
                    Combine(series, partner, filters, used, results);
                }
            }

            return results.Select(static result => new StepSeries(result.Key, result.Value));
        }

        private void Combine(StepSeries many, StepSeries one, bool filters, bool[] used, Dictionary<LabelSet, double[]> results)
        {
            double[]? column = null;
            for (var i = 0; i < many.Values.Length; i++)
            {
                if (Absent.Is(many.Values[i]) || Absent.Is(one.Values[i]))
                {
                    continue;
                }

                var (left, right) = matching.Many == ManySide.Right ? (one.Values[i], many.Values[i]) : (many.Values[i], one.Values[i]);
                var result = Apply(binary.Operator, left, right);
                if (filters && result == 0)
                {
                    continue;
                }

                if (matching.Many == ManySide.None && used[i])
                {
                    throw PromQlException.Failed("multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
                }

                used[i] = true;
                column ??= Column(many, one, results);
                column[i] = !Absent.Is(column[i])
                    ? throw PromQlException.Failed("multiple matches for labels: grouping labels must ensure unique matches")
                    : filters ? left : result;
            }
        }

        private double[] Column(StepSeries many, StepSeries one, Dictionary<LabelSet, double[]> results)
        {
            ref var column = ref CollectionsMarshal.GetValueRefOrAddDefault(results, ResultLabels(many.Labels, one.Labels), out _);
            return column ??= evaluator.Filled(Absent.Value);
        }

        private LabelSet ResultLabels(LabelSet many, LabelSet one)
        {
            var labels = IsComparison(binary.Operator) && !binary.ReturnsBool ? many : many.WithoutName();
            if (matching.Many == ManySide.None)
            {
                return matching.On.Only ? labels.Only(matching.On.Names) : labels.Without(matching.On.Names);
            }

            foreach (var included in matching.Included)
            {
                labels = labels.With(included, one[included]);
            }

            return labels;
        }

        private Dictionary<LabelSet, List<StepSeries>> Sides(List<StepSeries> one)
        {
            var sides = new Dictionary<LabelSet, List<StepSeries>>();
            foreach (var series in one)
            {
                ref var list = ref CollectionsMarshal.GetValueRefOrAddDefault(sides, Signature(series.Labels), out _);
                (list ??= []).Add(series);
            }

            return sides;
        }

        /// <summary>Two series of the one side that match the same are an error, at a step at which the other side has any.</summary>
        private void RefuseDuplicates(Dictionary<LabelSet, List<StepSeries>> sides, List<StepSeries> many)
        {
            foreach (var (signature, series) in sides)
            {
                for (var i = 0; series.Count > 1 && i < evaluator.Grid.Count; i++)
                {
                    if (series.Count(one => !Absent.Is(one.Values[i])) > 1 && many.Exists(other => !Absent.Is(other.Values[i])))
                    {
                        var side = matching.Many == ManySide.Right ? "left" : "right";
                        throw PromQlException.Failed($"found duplicate series for the match group {signature} on the {side} hand-side of the operation: "
                            + $"[{series[0].Labels}, {series[1].Labels}];many-to-many matching not allowed: matching labels must be unique on one side");
                    }
                }
            }
        }
    }
}
