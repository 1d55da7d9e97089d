using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using NetPulse.Telemetry.Query.Functions;
using NetPulse.Telemetry.Query.Syntax;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query.Evaluation;

/// <summary>Evaluates an expression at every step of a grid, one series after the other over all steps.</summary>
/// <param name="selected">What the selectors found.</param>
/// <param name="grid">The steps.</param>
/// <param name="edges">Of the whole query.</param>
/// <param name="lookBack">How old a sample may be and still count as the value now.</param>
/// <param name="budget">Of the whole query.</param>
internal sealed class Evaluator(SelectedSeries selected, StepGrid grid, QueryEdges edges, TimeSpan lookBack, QueryBudget budget, CancellationToken cancellationToken)
{
    private const int SeriesAtOnce = 256;
    private const long SamplesAtOnce = 128 << 10;

    /// <summary>Samples and steps of some series from which on they are computed by more than one thread.</summary>
    private const long WorthAnotherThread = 50_000;

    /// <summary>Shared by all series that have a value at every step.</summary>
    private long[]? gridTimes;

    public StepGrid Grid => grid;

    public StepValues Evaluate(PromQlExpression expression) => expression switch
    {
        PromQlExpression.Number number => new StepValues.Scalar(Filled(number.Value)),
        PromQlExpression.Text text => new StepValues.Text(text.Value),
        PromQlExpression.Selector selector => new StepValues.Vector(Instant(selector, ofTime: false)),
        PromQlExpression.Negation { Kind: ValueKind.Scalar } negation => new StepValues.Scalar(Negated(Scalar(negation.Inner))),
        PromQlExpression.Negation negation => new StepValues.Vector(Apart(negation.Inner, Vector(negation.Inner).Select(static one => new StepSeries(one.Labels, Negated(one.Values))))),
        PromQlExpression.Aggregation aggregation => new StepValues.Vector(new Aggregator(this, aggregation).Evaluate()),
        PromQlExpression.Binary binary => BinaryOperation.Evaluate(this, binary),
        PromQlExpression.Call { Function: PromQlFunction.OfEachPoint function } call => new StepValues.Vector(OfEachPoint(function, call)),
        PromQlExpression.Call { Function: PromQlFunction.OverWindow function } call => new StepValues.Vector(OverWindow(function, call)),
        PromQlExpression.Call { Function: PromQlFunction.Whole function } call => function.Function(this, call),
        _ => throw new InvalidOperationException($"{expression.GetType().Name} has no value of its own"),
    };

    public IEnumerable<StepSeries> Vector(PromQlExpression expression) => ((StepValues.Vector)Evaluate(expression)).Series;

    public double[] Scalar(PromQlExpression expression) => ((StepValues.Scalar)Evaluate(expression)).Values;

    public string Text(PromQlExpression expression) => ((StepValues.Text)Evaluate(expression)).Value;

    public double[] Filled(double value)
    {
        budget.Take(grid.Count);
        var values = new double[grid.Count];
        Array.Fill(values, value);
        return values;
    }

    /// <summary>The series of a selector: at each step the newest sample that is not older than the look-back, unless that says that the series ended.</summary>
    /// <param name="selector">Which.</param>
    /// <param name="ofTime">True: when the sample was taken, in seconds, instead of its value.</param>
    public IEnumerable<StepSeries> Instant(PromQlExpression.Selector selector, bool ofTime)
    {
        var moments = new Moments(selector.Shift, grid, edges);
        var oldest = (long)lookBack.TotalMilliseconds;
        foreach (var series in selected[selector].SelectMany(static part => part))
        {
            cancellationToken.ThrowIfCancellationRequested();
            budget.Take(grid.Count);
            var values = new double[grid.Count];
            if (Fill(values, series, moments, oldest, ofTime))
            {
                yield return new StepSeries(series.Labels, values);
            }
        }
    }

    /// <summary>Series whose metric names were dropped: those that are alike now become one, unless both have a value at one step.</summary>
    /// <param name="source">What they come from: one metric's series stay apart without its name.</param>
    public static IEnumerable<StepSeries> Nameless(PromQlExpression source, IEnumerable<StepSeries> series)
    {
        var nameless = series.Select(static one => one.WithoutName());
        return IsOfOneMetric(source) ? nameless : Merged(nameless);
    }

    /// <summary>As <see cref="Nameless"/>, but none may be alike, not even at different steps: Prometheus looks at these over all steps at once.</summary>
    private static IEnumerable<StepSeries> Apart(PromQlExpression source, IEnumerable<StepSeries> series)
    {
        var nameless = series.Select(static one => one.WithoutName());
        if (IsOfOneMetric(source))
        {
            return nameless;
        }

        var all = nameless.ToList();
        var seen = new HashSet<LabelSet>();
        return all.Find(one => !seen.Add(one.Labels)) is { } twice ? throw Alike(twice.Labels) : all;
    }

    /// <summary>Brings series together that have the same labels.</summary>
    /// <exception cref="PromQlException">Two of them have a value at one step.</exception>
    public static IEnumerable<StepSeries> Merged(IEnumerable<StepSeries> series)
    {
        var merged = new Dictionary<LabelSet, StepSeries>();
        foreach (var one in series)
        {
            if (merged.TryAdd(one.Labels, one))
            {
                continue;
            }

            var into = merged[one.Labels].Values;
            for (var i = 0; i < into.Length; i++)
            {
                if (!Absent.Is(one.Values[i]))
                {
                    into[i] = Absent.Is(into[i]) ? one.Values[i] : throw Alike(one.Labels);
                }
            }
        }

        return merged.Values;
    }

    /// <summary>1 at the steps at which a series has a sample in its window.</summary>
    public IEnumerable<StepSeries> Presence(PromQlExpression range) => OverWindow(OverTimeFunctions.Present, range, []);

    /// <summary>The windows of a range, some series after the others; each part's values are good until the next part is asked for.</summary>
    private IEnumerable<IReadOnlyList<TimeSeries>> Ranges(PromQlExpression range)
    {
        if (range is PromQlExpression.RangeSelector selector)
        {
            return selected[selector].Select(static part => part.Select(WithoutMarkers).ToArray());
        }

        var subquery = (PromQlExpression.Subquery)range;
        var inside = new Moments(subquery.Shift, grid, edges).Inside(subquery);
        if (inside.Count == 0)
        {
            return [];
        }

        var evaluator = new Evaluator(selected, inside, edges, lookBack, budget, cancellationToken);
        return Parts(evaluator.Vector(subquery.Inner).Select(one => evaluator.Samples(one)));
    }

    /// <summary>The samples of the first step's windows themselves.</summary>
    public IEnumerable<TimeSeries> Windowed(PromQlExpression range)
    {
        var (shift, length) = ShiftAndLength(range);
        var to = new Moments(shift, grid, edges).First;
        var from = to - (long)length.TotalMilliseconds;
        foreach (var series in Ranges(range).SelectMany(static part => part))
        {
            var times = series.UnixMilliseconds.Span;
            var begin = times.BinarySearch(from);
            var end = times.BinarySearch(to);
            begin = begin < 0 ? ~begin : begin;
            end = end < 0 ? ~end : end + 1;
            yield return new TimeSeries(series.Labels, series.UnixMilliseconds[begin..end], series.Values[begin..end].ToArray());
        }
    }

    /// <summary>The steps at which a series has a value.</summary>
    public TimeSeries Samples(StepSeries series)
    {
        if (!MemoryMarshal.Cast<double, long>(series.Values.AsSpan()).Contains(Absent.Bits))
        {
            return new TimeSeries(series.Labels, gridTimes ??= [.. Enumerable.Range(0, grid.Count).Select(i => grid.At(i))], series.Values);
        }

        var times = new long[grid.Count];
        var values = series.Values;
        var count = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (!Absent.Is(values[i]))
            {
                times[count] = grid.At(i);
                values[count++] = values[i];
            }
        }

        return new TimeSeries(series.Labels, times.AsMemory(0, count), values.AsMemory(0, count));
    }

    private static PromQlException Alike(LabelSet labels) => PromQlException.Failed($"vector cannot contain metrics with the same labelset: {labels}");

    private static bool Fill(double[] values, TimeSeries series, Moments moments, long oldest, bool ofTime)
    {
        var times = series.UnixMilliseconds.Span;
        var samples = series.Values.Span;
        var end = 0;
        var any = false;
        for (var i = 0; i < values.Length; i++)
        {
            var at = moments.At(i);
            while (end < times.Length && times[end] <= at)
            {
                end++;
            }

            var isThere = end > 0 && times[end - 1] >= at - oldest && !Absent.Is(samples[end - 1]);
            values[i] = !isThere ? Absent.Value : ofTime ? times[end - 1] / 1000.0 : samples[end - 1];
            any |= isThere;
        }

        return any;
    }

    private static TimeSeries WithoutMarkers(TimeSeries series)
    {
        var values = series.Values.Span;
        if (!MemoryMarshal.Cast<double, long>(values).Contains(Absent.Bits))
        {
            return series;
        }

        var times = new long[values.Length];
        var kept = new double[values.Length];
        var count = 0;
        for (var i = 0; i < values.Length; i++)
        {
            if (!Absent.Is(values[i]))
            {
                times[count] = series.UnixMilliseconds.Span[i];
                kept[count++] = values[i];
            }
        }

        return new TimeSeries(series.Labels, times.AsMemory(0, count), kept.AsMemory(0, count));
    }

    private static (TimeShift Shift, TimeSpan Length) ShiftAndLength(PromQlExpression range) => range switch
    {
        PromQlExpression.RangeSelector selector => (selector.Shift, selector.Length),
        PromQlExpression.Subquery subquery => (subquery.Shift, subquery.Length),
        _ => throw new InvalidOperationException($"{range.GetType().Name} is no range"),
    };

    private static double[] Negated(double[] values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Absent.Is(values[i]) ? values[i] : -values[i];
        }

        return values;
    }

    private static bool IsOfOneMetric(PromQlExpression source) => source switch
    {
        PromQlExpression.Selector selector => NamesOne(selector.Series),
        PromQlExpression.RangeSelector selector => NamesOne(selector.Series),
        PromQlExpression.Subquery subquery => IsOfOneMetric(subquery.Inner),
        PromQlExpression.Call { Function: PromQlFunction.OfEachPoint } => true,
        PromQlExpression.Call { Function: PromQlFunction.OverWindow { KeepsName: false } } => true,
        _ => false,
    };

    private static bool NamesOne(SeriesSelector selector) =>
        selector.Matchers.Any(static matcher => matcher is { Name: LabelSet.MetricName, Kind: MatchKind.Equal });

    private IEnumerable<StepSeries> OfEachPoint(PromQlFunction.OfEachPoint function, PromQlExpression.Call call)
    {
        var columns = call.Arguments.Skip(1).Select(Scalar).ToArray();
        return Nameless(call.Arguments[0], Compute());

        IEnumerable<StepSeries> Compute()
        {
            var scalars = new double[columns.Length];
            foreach (var series in Vector(call.Arguments[0]))
            {
                var any = false;
                for (var i = 0; i < series.Values.Length; i++)
                {
                    if (!Absent.Is(series.Values[i]))
                    {
                        Row(columns, i, scalars);
                        series.Values[i] = function.Function(series.Values[i], scalars);
                        any |= !Absent.Is(series.Values[i]);
                    }
                }

                if (any)
                {
                    yield return series;
                }
            }
        }
    }

    private IEnumerable<StepSeries> OverWindow(PromQlFunction.OverWindow function, PromQlExpression.Call call)
    {
        var range = call.Arguments[function.Range];
        double[][] columns = [.. call.Arguments.Where(static argument => argument.Kind == ValueKind.Scalar).Select(Scalar)];
        var computed = selected.Rolled(range) is { } rolled
            ? OverRolled(function.Rolled!, (PromQlExpression.RangeSelector)range, rolled, columns)
            : OverWindow(function.Function, range, columns);
        return function.KeepsName ? computed : Apart(range, computed);
    }

    private IEnumerable<StepSeries> OverWindow(WindowFunction function, PromQlExpression range, double[][] columns)
    {
        var (shift, length) = ShiftAndLength(range);
        var moments = new Moments(shift, grid, edges);
        foreach (var some in Ranges(range))
        {
            cancellationToken.ThrowIfCancellationRequested();
            budget.Take((long)grid.Count * some.Count);
            var computed = new StepSeries?[some.Count];
            ForEach(some, some.Sum(static one => (long)one.Count) + ((long)grid.Count * some.Count), Compute);
            foreach (var one in computed.OfType<StepSeries>())
            {
                yield return one;
            }

            void Compute(int i)
            {
                var values = new double[grid.Count];
                if (Slide(values, some[i], moments, (long)length.TotalMilliseconds, function, columns))
                {
                    computed[i] = new StepSeries(some[i].Labels, values);
                }
            }
        }
    }

    private IEnumerable<StepSeries> OverRolled(RolledFunction function, PromQlExpression.RangeSelector range, IEnumerable<RolledSeries> rolled, double[][] columns)
    {
        var moments = new Moments(range.Shift, grid, edges);
        foreach (var series in rolled)
        {
            cancellationToken.ThrowIfCancellationRequested();
            budget.Take(grid.Count);
            var values = new double[grid.Count];
            if (SlideRolled(values, series.RollUps, moments, (long)range.Length.TotalMilliseconds, function, columns))
            {
                yield return new StepSeries(series.Labels, values);
            }
        }
    }

    /// <summary>Moves the window over the series' roll-ups. Those that end in it belong to it, and of one that ends where it begins the sample of that millisecond.</summary>
    private static bool SlideRolled(double[] results, IReadOnlyList<RollUp> rollUps, Moments moments, long length, RolledFunction function, double[][] columns)
    {
        Span<double> scalars = stackalloc double[columns.Length];
        var parts = new RollUp[rollUps.Count + 1];
        var begin = 0;
        var end = 0;
        var any = false;
        for (var i = 0; i < results.Length; i++)
        {
            var to = moments.At(i);
            var from = to - length;
            while (end < rollUps.Count && rollUps[end].End <= to)
            {
                end++;
            }

            while (begin < end && rollUps[begin].End <= from)
            {
                begin++;
            }

            var count = 0;
            if (begin > 0 && rollUps[begin - 1] is var before && before.End == from && before.LastAt == from)
            {
                parts[count++] = before.LastAlone();
            }

            for (var part = begin; part < end; part++)
            {
                parts[count++] = rollUps[part];
            }

            if (count == 0)
            {
                results[i] = Absent.Value;
                continue;
            }

            Row(columns, i, scalars);
            results[i] = function(new RolledWindow(parts.AsSpan(0, count), from, to), scalars);
            any |= !Absent.Is(results[i]);
        }

        return any;
    }

    /// <summary>As many series together as are worth several threads, but not so many that their samples fill the memory.</summary>
    private static IEnumerable<List<TimeSeries>> Parts(IEnumerable<TimeSeries> series)
    {
        var part = new List<TimeSeries>(SeriesAtOnce);
        long samples = 0;
        foreach (var one in series)
        {
            part.Add(one);
            samples += one.Count;
            if (part.Count == SeriesAtOnce || samples >= SamplesAtOnce)
            {
                yield return part;
                part = new List<TimeSeries>(SeriesAtOnce);
                samples = 0;
            }
        }

        if (part.Count > 0)
        {
            yield return part;
        }
    }

    /// <exception cref="PromQlException">A function refused what it was given.</exception>
    private static void ForEach(IReadOnlyList<TimeSeries> series, long work, Action<int> compute)
    {
        if (work < WorthAnotherThread)
        {
            for (var i = 0; i < series.Count; i++)
            {
                compute(i);
            }

            return;
        }

        try
        {
            Parallel.For(0, series.Count, compute);
        }
        catch (AggregateException e) when (e.InnerException is PromQlException refusal)
        {
            ExceptionDispatchInfo.Throw(refusal);
        }
    }

    /// <summary>Moves the window over the series' columns; both its ends only ever move on.</summary>
    private bool Slide(double[] results, TimeSeries series, Moments moments, long length, WindowFunction function, double[][] columns)
    {
        var times = series.UnixMilliseconds.Span;
        var samples = series.Values.Span;
        Span<double> scalars = stackalloc double[columns.Length];
        var begin = 0;
        var end = 0;
        var any = false;
        for (var i = 0; i < results.Length; i++)
        {
            var to = moments.At(i);
            var from = to - length;
            while (end < times.Length && times[end] <= to)
            {
                end++;
            }

            while (begin < end && times[begin] < from)
            {
                begin++;
            }

            if (begin == end)
            {
                results[i] = Absent.Value;
                continue;
            }

            Row(columns, i, scalars);
            results[i] = function(new Window(times[begin..end], samples[begin..end], from, to, grid.At(i)), scalars);
            any |= !Absent.Is(results[i]);
        }

        return any;
    }

    private static void Row(double[][] columns, int step, Span<double> row)
    {
        for (var column = 0; column < columns.Length; column++)
        {
            row[column] = columns[column][step];
        }
    }
}
