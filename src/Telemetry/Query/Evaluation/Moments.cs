using NetPulse.Telemetry.Query.Syntax;
using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query.Evaluation;

/// <summary>The first and the last moment that a query names, in Unix milliseconds: what <c>start()</c> and <c>end()</c> mean.</summary>
internal readonly record struct QueryEdges(long Start, long End);

/// <summary>Where a selector looks at each step, in Unix milliseconds: the step's own time, or the one that @ names, less the offset.</summary>
internal readonly struct Moments(TimeShift shift, StepGrid grid, QueryEdges edges)
{
    private const long DefaultSubqueryStep = 60_000;

    private readonly long offset = (long)shift.Offset.TotalMilliseconds;
    private readonly long? pinned = shift.At ?? shift.AtEdge switch
    {
        QueryEdge.Start => edges.Start,
        QueryEdge.End => edges.End,
        _ => null,
    };

    public long First => At(0);

    public long Last => At(grid.Count - 1);

    public long At(int step) => (pinned ?? grid.At(step)) - offset;

    /// <summary>The steps of a subquery: multiples of its own step within all windows.</summary>
    public StepGrid Inside(PromQlExpression.Subquery subquery)
    {
        var step = subquery.Step is { } given ? (long)given.TotalMilliseconds : DefaultSubqueryStep;
        var first = First - (long)subquery.Length.TotalMilliseconds;
        var start = first / step * step;
        start += start < first ? step : 0;
        var count = Last < start ? 0 : ((Last - start) / step) + 1;
        return count <= Array.MaxLength
            ? new StepGrid(start, step, (int)count)
            : throw new PromQlException(PromQlFault.TooLarge, $"a subquery of {count} steps");
    }
}
