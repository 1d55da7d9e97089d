using NetPulse.Telemetry.Query.Evaluation;
using NetPulse.Telemetry.Query.Syntax;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query;

/// <summary>Answers PromQL from the samples of a store.</summary>
/// <remarks>As Prometheus 2 does it: windows and the look-back include both their ends. docs/queries.md says what is supported.</remarks>
public sealed class PromQlEngine(ISampleStore store, PromQlLimits limits) : IPromQl
{
    public async ValueTask<QueryAnswer> QueryAsync(string query, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var expression = PromQlParser.Parse(query);
        var grid = new StepGrid(at.ToUnixTimeMilliseconds(), 1, 1);
        var evaluator = await PreparedAsync(expression, grid, new QueryEdges(grid.Start, grid.Start), cancellationToken);
        return await Task.Run(() => AtOnce(evaluator, expression), cancellationToken);
    }

    public async ValueTask<QueryAnswer> QueryRangeAsync(string query, QuerySteps steps, CancellationToken cancellationToken)
    {
        if (steps.Step < TimeSpan.FromMilliseconds(1) || steps.To < steps.From)
        {
            throw new PromQlException(PromQlFault.Refused, "the end is before the start, or the step is shorter than a millisecond");
        }

        if (steps.Count > limits.Steps)
        {
            throw new PromQlException(PromQlFault.Refused,
                $"exceeded maximum resolution of {limits.Steps:N0} points per timeseries. Try decreasing the query resolution (?step=XX)");
        }

        var expression = PromQlParser.Parse(query);
        if (expression.Kind is not (ValueKind.Scalar or ValueKind.InstantVector))
        {
            throw new PromQlException(PromQlFault.Refused, "invalid expression type for range query, must be Scalar or instant Vector");
        }

        var grid = new StepGrid(steps.From.ToUnixTimeMilliseconds(), (long)steps.Step.TotalMilliseconds, (int)steps.Count);
        var evaluator = await PreparedAsync(expression, grid, new QueryEdges(grid.Start, steps.To.ToUnixTimeMilliseconds()), cancellationToken);
        return await Task.Run(() => OverSteps(evaluator, expression), cancellationToken);
    }

    private async ValueTask<Evaluator> PreparedAsync(PromQlExpression expression, StepGrid grid, QueryEdges edges, CancellationToken cancellationToken)
    {
        var budget = new QueryBudget(limits);
        var selected = await SelectedSeries.ReadAsync(store, expression, grid, edges, limits.LookBack, budget, cancellationToken);
        return new Evaluator(selected, grid, edges, limits.LookBack, budget, cancellationToken);
    }

    private static QueryAnswer AtOnce(Evaluator evaluator, PromQlExpression expression)
    {
        var at = evaluator.Grid.Start;
        return expression.Kind switch
        {
            ValueKind.Scalar => new QueryAnswer.Scalar(at, evaluator.Scalar(expression)[0]),
            ValueKind.Text => new QueryAnswer.Text(at, evaluator.Text(expression)),
            ValueKind.RangeVector => new QueryAnswer.Matrix(Window(evaluator, expression)),
            _ => new QueryAnswer.Vector([.. evaluator.Vector(expression).Where(static one => one.HasValues).Select(one => new VectorSample(one.Labels, at, one.Values[0]))]),
        };
    }

    private static QueryAnswer.Matrix OverSteps(Evaluator evaluator, PromQlExpression expression)
    {
        IEnumerable<StepSeries> series = expression.Kind == ValueKind.Scalar
            ? [new StepSeries(LabelSet.Empty, evaluator.Scalar(expression))]
            : evaluator.Vector(expression);
        return new QueryAnswer.Matrix(Sorted(series.Select(evaluator.Samples)));
    }

    /// <summary>A range alone is asked for: its samples themselves, in no order, as they are read.</summary>
    private static IEnumerable<TimeSeries> Window(Evaluator evaluator, PromQlExpression expression) =>
        evaluator.Windowed(expression).Where(static one => one.Count > 0);

    private static List<TimeSeries> Sorted(IEnumerable<TimeSeries> series)
    {
        var sorted = series.Where(static one => one.Count > 0).ToList();
        sorted.Sort(static (left, right) => LabelOrder.Compare(left.Labels, right.Labels));
        return sorted;
    }
}
