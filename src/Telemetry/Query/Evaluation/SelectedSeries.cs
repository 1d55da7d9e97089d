using NetPulse.Telemetry.Query.Syntax;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query.Evaluation;

/// <summary>What the selectors of one query found in the store.</summary>
internal sealed class SelectedSeries
{
    private readonly Dictionary<PromQlExpression, IReadOnlyList<TimeSeries>> found = new(ReferenceEqualityComparer.Instance);

    public IReadOnlyList<TimeSeries> this[PromQlExpression selector] => found[selector];

    public static async ValueTask<SelectedSeries> ReadAsync(
        ISampleStore store, PromQlExpression query, StepGrid grid, QueryEdges edges, TimeSpan lookBack, QueryBudget budget, CancellationToken cancellationToken)
    {
        var wanted = new List<(PromQlExpression Selector, SeriesSelector Series, long From, long To)>();
        Collect(query, grid, edges, (long)lookBack.TotalMilliseconds, wanted);
        var selected = new SelectedSeries();
        foreach (var same in wanted.GroupBy(static one => (one.Series.ToString(), one.From, one.To)))
        {
            var first = same.First();
            var series = first.From > first.To ? [] : await store.ReadAsync(first.Series, Range(first.From, first.To), cancellationToken);
            budget.TakeSeries(series.Count);
            budget.Take(series.Sum(static one => (long)one.Count));
            foreach (var one in same)
            {
                selected.found[one.Selector] = series;
            }
        }

        return selected;
    }

    private static void Collect(
        PromQlExpression expression, StepGrid grid, QueryEdges edges, long lookBack, List<(PromQlExpression Selector, SeriesSelector Series, long From, long To)> wanted)
    {
        switch (expression)
        {
            case PromQlExpression.Selector selector:
                var at = new Moments(selector.Shift, grid, edges);
                wanted.Add((selector, selector.Series, at.First - lookBack, at.Last));
                break;
            case PromQlExpression.RangeSelector selector:
                var ends = new Moments(selector.Shift, grid, edges);
                wanted.Add((selector, selector.Series, ends.First - (long)selector.Length.TotalMilliseconds, ends.Last));
                break;
            case PromQlExpression.Subquery subquery:
                Collect(subquery.Inner, new Moments(subquery.Shift, grid, edges).Inside(subquery), edges, lookBack, wanted);
                break;
            case PromQlExpression.Call call:
                foreach (var argument in call.Arguments)
                {
                    Collect(argument, grid, edges, lookBack, wanted);
                }

                break;
            case PromQlExpression.Aggregation aggregation:
                Collect(aggregation.Inner, grid, edges, lookBack, wanted);
                if (aggregation.Parameter is { } parameter)
                {
                    Collect(parameter, grid, edges, lookBack, wanted);
                }

                break;
            case PromQlExpression.Negation negation:
                Collect(negation.Inner, grid, edges, lookBack, wanted);
                break;
            case PromQlExpression.Binary binary:
                Collect(binary.Left, grid, edges, lookBack, wanted);
                Collect(binary.Right, grid, edges, lookBack, wanted);
                break;
        }
    }

    private static TimeRange Range(long from, long to) => new(Date(from), Date(to));

    private static DateTimeOffset Date(long unixMilliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(
        Math.Clamp(unixMilliseconds, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
}
