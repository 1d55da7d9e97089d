using NetPulse.Telemetry.Query.Functions;
using NetPulse.Telemetry.Query.Syntax;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query.Evaluation;

/// <summary>What the selectors of one query found in the store.</summary>
internal sealed class SelectedSeries
{
    private readonly Dictionary<PromQlExpression, IEnumerable<IReadOnlyList<TimeSeries>>> found = new(ReferenceEqualityComparer.Instance);

    /// <summary>What a selector found, to be enumerated once: it is read meanwhile, and each part's values are good until the next part is asked for.</summary>
    public IEnumerable<IReadOnlyList<TimeSeries>> this[PromQlExpression selector] => found[selector];

    private readonly Dictionary<PromQlExpression, IEnumerable<RolledSeries>> rolled = new(ReferenceEqualityComparer.Instance);

    /// <summary>A range's roll-ups, to be enumerated once; <see langword="null"/>: its samples were read.</summary>
    public IEnumerable<RolledSeries>? Rolled(PromQlExpression range) => rolled.GetValueOrDefault(range);

    public static async ValueTask<SelectedSeries> ReadAsync(
        ISampleStore store, PromQlExpression query, StepGrid grid, QueryEdges edges, TimeSpan lookBack, QueryBudget budget, CancellationToken cancellationToken)
    {
        var wanted = new List<Wanted>();
        Collect(query, grid, new Scope(edges, (long)lookBack.TotalMilliseconds, store.Rolled), wanted);
        var selected = new SelectedSeries();
        foreach (var same in wanted.GroupBy(static one => (one.Series.ToString(), one.From, one.To, one.Length, one.WithSketches)))
        {
            var first = same.First();
            if (first.Length is { } length)
            {
                var rollUps = Counted(await store.RollUpsAsync(first.Series, Range(first.From, first.To), length, first.WithSketches, cancellationToken), budget);
                rollUps = same.Count() > 1 ? await Task.Run(rollUps.ToList, cancellationToken) : rollUps;
                foreach (var one in same)
                {
                    selected.rolled[one.Selector] = rollUps;
                }

                continue;
            }

            IEnumerable<IReadOnlyList<TimeSeries>> series = [];
            if (first.From <= first.To)
            {
                var range = Range(first.From, first.To);
                // a range alone is answered as it is read, so its samples need no room
                series = same.Count() > 1
                    ? [.. Counted([await store.ReadAsync(first.Series, range, cancellationToken)], budget, countsSamples: true)]
                    : Counted(await store.StreamAsync(first.Series, range, cancellationToken), budget, countsSamples: first.Selector != query);
            }

            foreach (var one in same)
            {
                selected.found[one.Selector] = series;
            }
        }

        return selected;
    }

    private static IEnumerable<IReadOnlyList<TimeSeries>> Counted(IEnumerable<IReadOnlyList<TimeSeries>> parts, QueryBudget budget, bool countsSamples)
    {
        foreach (var part in parts)
        {
            budget.TakeSeries(part.Count);
            budget.Take(countsSamples ? part.Sum(static one => (long)one.Count) : 0);
            yield return part;
        }
    }

    private static IEnumerable<RolledSeries> Counted(IEnumerable<RolledSeries> series, QueryBudget budget)
    {
        foreach (var one in series)
        {
            budget.TakeSeries(1);
            budget.Take(one.RollUps.Count);
            yield return one;
        }
    }

    private static void Collect(PromQlExpression expression, StepGrid grid, Scope scope, List<Wanted> wanted)
    {
        switch (expression)
        {
            case PromQlExpression.Selector selector:
                var at = new Moments(selector.Shift, grid, scope.Edges);
                wanted.Add(new Wanted(selector, selector.Series, at.First - scope.LookBack, at.Last));
                break;
            case PromQlExpression.RangeSelector selector:
                var ends = new Moments(selector.Shift, grid, scope.Edges);
                wanted.Add(new Wanted(selector, selector.Series, ends.First - (long)selector.Length.TotalMilliseconds, ends.Last));
                break;
            case PromQlExpression.Subquery subquery:
                Collect(subquery.Inner, new Moments(subquery.Shift, grid, scope.Edges).Inside(subquery), scope, wanted);
                break;
            case PromQlExpression.Call { Function: PromQlFunction.OverWindow { Rolled: not null } function } call
                when call.Arguments[function.Range] is PromQlExpression.RangeSelector range && RollUpChoice.Of(scope.Rolled, range, grid, scope.Edges) is { } length:
                var windows = new Moments(range.Shift, grid, scope.Edges);
                wanted.Add(new Wanted(range, range.Series, windows.First - (long)range.Length.TotalMilliseconds, windows.Last, length, function.NeedsSketches));
                foreach (var argument in call.Arguments.Where(argument => argument != range))
                {
                    Collect(argument, grid, scope, wanted);
                }

                break;
            case PromQlExpression.Call call:
                foreach (var argument in call.Arguments)
                {
                    Collect(argument, grid, scope, wanted);
                }

                break;
            case PromQlExpression.Aggregation aggregation:
                Collect(aggregation.Inner, grid, scope, wanted);
                if (aggregation.Parameter is { } parameter)
                {
                    Collect(parameter, grid, scope, wanted);
                }

                break;
            case PromQlExpression.Negation negation:
                Collect(negation.Inner, grid, scope, wanted);
                break;
            case PromQlExpression.Binary binary:
                Collect(binary.Left, grid, scope, wanted);
                Collect(binary.Right, grid, scope, wanted);
                break;
        }
    }

    private static TimeRange Range(long from, long to) => new(Date(from), Date(to));

    private static DateTimeOffset Date(long unixMilliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(
        Math.Clamp(unixMilliseconds, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

    /// <param name="Selector">Where in the query.</param>
    /// <param name="Series">Which series.</param>
    /// <param name="From">First wanted time, in Unix milliseconds.</param>
    /// <param name="To">Last wanted time, in Unix milliseconds.</param>
    /// <param name="Length">Of roll-ups; <see langword="null"/>: the samples are wanted.</param>
    /// <param name="WithSketches">Of the roll-ups.</param>
    private sealed record Wanted(PromQlExpression Selector, SeriesSelector Series, long From, long To, RollUpLength? Length = null, bool WithSketches = false);

    private readonly record struct Scope(QueryEdges Edges, long LookBack, RolledSpan? Rolled);
}
