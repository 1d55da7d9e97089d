using NetPulse.Telemetry.Query.Functions;
using NetPulse.Telemetry.Query.Syntax;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query.Evaluation;

/// <summary>Aggregates a vector: groups of series become one series each, or their largest, smallest, or counted values.</summary>
internal sealed class Aggregator(Evaluator evaluator, PromQlExpression.Aggregation aggregation)
{
    public IEnumerable<StepSeries> Evaluate() => aggregation.Aggregate switch
    {
        AggregationKind.TopK or AggregationKind.BottomK => Ranked(),
        AggregationKind.Quantile => Quantile(),
        AggregationKind.CountValues => CountedValues(),
        _ => Folded(),
    };

    private LabelSet Key(LabelSet labels) => aggregation.By.Only
        ? labels.Only(aggregation.By.Names)
        : labels.WithoutName().Without(aggregation.By.Names);

    /// <summary>A series is folded into its group as it comes, so that memory is taken by groups, not by series.</summary>
    private IEnumerable<StepSeries> Folded()
    {
        var groups = new Dictionary<LabelSet, Fold>();
        foreach (var series in evaluator.Vector(aggregation.Inner))
        {
            var key = Key(series.Labels);
            if (!groups.TryGetValue(key, out var fold))
            {
                fold = new Fold(aggregation.Aggregate, evaluator.Filled(Absent.Value));
                groups.Add(key, fold);
            }

            fold.Add(series.Values);
        }

        return groups.Select(static group => new StepSeries(group.Key, group.Value.Result()));
    }

    private List<(LabelSet Key, List<StepSeries> Members)> Groups() =>
    [
        .. evaluator.Vector(aggregation.Inner).GroupBy(series => Key(series.Labels)).Select(static group => (group.Key, group.ToList())),
    ];

    private IEnumerable<StepSeries> Quantile()
    {
        var q = evaluator.Scalar(aggregation.Parameter!);
        foreach (var (key, members) in Groups())
        {
            var result = evaluator.Filled(Absent.Value);
            var values = new double[members.Count];
            for (var step = 0; step < result.Length; step++)
            {
                var count = 0;
                foreach (var member in members)
                {
                    if (!Absent.Is(member.Values[step]))
                    {
                        values[count++] = member.Values[step];
                    }
                }

                result[step] = count == 0 ? Absent.Value : Quantiles.Of(q[step], values.AsSpan(0, count));
            }

            yield return new StepSeries(key, result);
        }
    }

    private IEnumerable<StepSeries> Ranked()
    {
        var wanted = evaluator.Scalar(aggregation.Parameter!);
        // the root is the one that leaves first: the smallest for topk; NaN is always the first to leave
        var leaves = Comparer<double>.Create(aggregation.Aggregate == AggregationKind.TopK ? Ascending : Descending);
        var ranking = new PriorityQueue<StepSeries, double>(leaves);
        foreach (var (_, members) in Groups())
        {
            var kept = new Dictionary<StepSeries, double[]>();
            var order = new List<StepSeries>();
            for (var step = 0; step < wanted.Length; step++)
            {
                var k = Places(wanted[step], members.Count);
                foreach (var member in members)
                {
                    var value = member.Values[step];
                    if (Absent.Is(value) || k == 0)
                    {
                        continue;
                    }

                    if (ranking.Count < k)
                    {
                        ranking.Enqueue(member, value);
                    }
                    else if (leaves.Compare(value, ranking.Peek().Values[step]) > 0)
                    {
                        ranking.DequeueEnqueue(member, value);
                    }
                }

                while (ranking.TryDequeue(out var member, out var value))
                {
                    if (!kept.TryGetValue(member, out var column))
                    {
                        column = evaluator.Filled(Absent.Value);
                        kept.Add(member, column);
                        order.Add(member);
                    }

                    column[step] = value;
                }
            }

            // at a single step this is the order of rank
            for (var i = order.Count - 1; i >= 0; i--)
            {
                yield return new StepSeries(order[i].Labels, kept[order[i]]);
            }
        }
    }

    private static int Places(double wanted, int members) =>
        double.IsNaN(wanted) || Math.Abs(wanted) > long.MaxValue
            ? throw PromQlException.Failed($"Scalar value {PromQlNumber.Plain(wanted)} overflows int64")
            : (int)Math.Clamp(wanted, 0, members);

    private static int Ascending(double left, double right) => left.CompareTo(right);

    private static int Descending(double left, double right) =>
        double.IsNaN(left) || double.IsNaN(right) ? left.CompareTo(right) : right.CompareTo(left);

    private IEnumerable<StepSeries> CountedValues()
    {
        var label = ((PromQlExpression.Text)aggregation.Parameter!).Value;
        if (!LabelFunctions.IsLabelName(label))
        {
            throw PromQlException.Failed($"invalid label name \"{label}\"");
        }

        var by = aggregation.By.Only ? aggregation.By with { Names = aggregation.By.Names.Add(label) } : aggregation.By;
        var groups = new Dictionary<LabelSet, double[]>();
        foreach (var series in evaluator.Vector(aggregation.Inner))
        {
            for (var step = 0; step < series.Values.Length; step++)
            {
                if (Absent.Is(series.Values[step]))
                {
                    continue;
                }

                var labels = series.Labels.With(label, PromQlNumber.Plain(series.Values[step]));
                var key = by.Only ? labels.Only(by.Names) : labels.WithoutName().Without(by.Names);
                if (!groups.TryGetValue(key, out var column))
                {
                    column = evaluator.Filled(Absent.Value);
                    groups.Add(key, column);
                }

                column[step] = Absent.Is(column[step]) ? 1 : column[step] + 1;
            }
        }

        return groups.Select(static group => new StepSeries(group.Key, group.Value));
    }

    /// <summary>One group's values so far, at every step.</summary>
    private sealed class Fold(AggregationKind kind, double[] values)
    {
        private readonly int[] counts = new int[values.Length];
        private readonly double[] squares = kind is AggregationKind.StdDev or AggregationKind.StdVar ? new double[values.Length] : [];

        public void Add(double[] added)
        {
            for (var i = 0; i < added.Length; i++)
            {
                var value = added[i];
                if (Absent.Is(value))
                {
                    continue;
                }

                var count = ++counts[i];
                ref var folded = ref values[i];
                switch (kind)
                {
                    case AggregationKind.Sum:
                        folded = count == 1 ? value : folded + value;
                        break;
                    case AggregationKind.Avg:
                        folded = count == 1 ? value : Mean(folded, value, count);
                        break;
                    case AggregationKind.Min:
                        folded = count == 1 || folded > value || double.IsNaN(folded) ? value : folded;
                        break;
                    case AggregationKind.Max:
                        folded = count == 1 || folded < value || double.IsNaN(folded) ? value : folded;
                        break;
                    case AggregationKind.Count:
                        folded = count;
                        break;
                    case AggregationKind.Group:
                        folded = 1;
                        break;
                    default:
                        var difference = count == 1 ? 0 : value - folded;
                        folded = count == 1 ? value : folded + (difference / count);
                        squares[i] += count == 1 ? 0 : difference * (value - folded);
                        break;
                }
            }
        }

        public double[] Result()
        {
            for (var i = 0; i < squares.Length; i++)
            {
                if (counts[i] > 0)
                {
                    var variance = squares[i] / counts[i];
                    values[i] = kind == AggregationKind.StdDev ? Math.Sqrt(variance) : variance;
                }
            }

            return values;
        }

        /// <summary>An infinite mean stays what it is beside finite numbers, though the difference of two infinities is none.</summary>
        private static double Mean(double mean, double value, int count) =>
            double.IsInfinity(mean) && (mean.CompareTo(value) == 0 || double.IsFinite(value)) ? mean : mean + ((value / count) - (mean / count));
    }
}
