using NetPulse.Telemetry.Query.Syntax;
using NetPulse.Telemetry.Store;

namespace NetPulse.Telemetry.Query.Evaluation;

/// <summary>Whether a window is answered from roll-ups, and from which.</summary>
/// <remarks>
/// From the longest of which a window has at least twelve, where every window begins and ends with a roll-up: the answer is then that of the samples.
/// Where samples are not kept any more, from whichever there are: a roll-up belongs to the window in which it ends, so each end of the window is off by its length at most.
/// </remarks>
internal static class RollUpChoice
{
    private const int FewestInWindow = 12;

    /// <summary>A window of that length may be off by an hour at either end.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromDays(2);

    public static RollUpLength? Of(RolledSpan? rolled, PromQlExpression.RangeSelector range, StepGrid grid, QueryEdges edges)
    {
        var moments = new Moments(range.Shift, grid, edges);
        var window = (long)range.Length.TotalMilliseconds;
        if (rolled is not { } span || grid.Count == 0 || moments.First - window >= span.RolledUntil.ToUnixTimeMilliseconds())
        {
            return null;
        }

        foreach (var length in (ReadOnlySpan<RollUpLength>)[RollUpLength.Hour, RollUpLength.FiveMinutes])
        {
            if (window >= FewestInWindow * (long)length && window % (long)length == 0 && AreMultiples(moments, grid.Count, (long)length))
            {
                return length;
            }
        }

        return moments.First - window >= span.SamplesFrom.ToUnixTimeMilliseconds() || window < (long)RollUpLength.FiveMinutes ? null
            : range.Length >= Long ? RollUpLength.Hour : RollUpLength.FiveMinutes;
    }

    private static bool AreMultiples(Moments moments, int count, long of) =>
        moments.First % of == 0 && (count == 1 || (moments.At(1) - moments.First) % of == 0);
}
