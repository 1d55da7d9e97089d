using NetPulse.Benchmarks.Detection.Data;

namespace NetPulse.Benchmarks.Detection.Measures;

/// <param name="BudgetPerDay">False alarms that a series may have in a day.</param>
/// <param name="Recall">Share of the events with an alert between onset and end.</param>
/// <param name="Threshold">The lowest that keeps the budget, the same for all series.</param>
/// <param name="FalseAlarmsPerDay">What was used of the budget.</param>
/// <param name="MedianDelay">Samples from onset to the first alert, of the events found; NaN when none was.</param>
/// <param name="NinetiethDelay">Likewise, 90 % quantile.</param>
/// <param name="BenignAlarmsPerDay">Alerts within benign spans, by the days that these spans last; NaN when there are none.</param>
public sealed record RecallAtBudget(
    double BudgetPerDay, double Recall, int Found, int Events, double Threshold, double FalseAlarmsPerDay, double MedianDelay, double NinetiethDelay, double BenignAlarmsPerDay);

/// <summary>Event recall at a budget of false alarms. Every point that fires outside an event is one: nothing is forgiven beside an event's ends.</summary>
public static class EventRecall
{
    public static RecallAtBudget At(IReadOnlyList<ScoredSeries> all, double budgetPerDay)
    {
        var days = all.Sum(scored => scored.Series.Days);
        var outside = all.SelectMany(scored => OutsideEvents(scored).Select(i => scored.Gated[i])).Where(score => score > 0).OrderDescending().ToArray();
        var allowed = (int)(budgetPerDay * days);
        // Just above the first score that would break the budget.
        var threshold = allowed < outside.Length ? MathF.BitIncrement(outside[allowed]) : float.Epsilon;
        return AtThreshold(all, threshold) with { BudgetPerDay = budgetPerDay };
    }

    public static RecallAtBudget AtThreshold(IReadOnlyList<ScoredSeries> all, float threshold)
    {
        var days = all.Sum(scored => scored.Series.Days);
        var delays = new List<double>();
        var events = 0;
        var (falseAlarms, benignAlarms, benignDays) = (0, 0, 0.0);
        foreach (var scored in all)
        {
            foreach (var span in scored.Series.Events)
            {
                events++;
                var first = Array.FindIndex(scored.Gated, span.First, span.Count, score => score >= threshold);
                if (first >= 0)
                {
                    delays.Add(first - span.First);
                }
            }

            falseAlarms += OutsideEvents(scored).Count(i => scored.Gated[i] >= threshold);
            var benign = InBenign(scored.Series);
            benignAlarms += benign.Count(i => scored.Gated[i] >= threshold);
            benignDays += benign.Count * scored.Series.Days / Math.Max(1, scored.Gated.Length);
        }

        delays.Sort();
        return new RecallAtBudget(
            double.NaN,
            events == 0 ? double.NaN : (double)delays.Count / events,
            delays.Count,
            events,
            threshold,
            falseAlarms / days,
            Quantile(delays, 0.5),
            Quantile(delays, 0.9),
            benignDays == 0 ? double.NaN : benignAlarms / benignDays);
    }

    private static IEnumerable<int> OutsideEvents(ScoredSeries scored)
    {
        var next = 0;
        for (var i = 0; i < scored.Gated.Length; i++)
        {
            while (next < scored.Series.Events.Length && scored.Series.Events[next].Last < i)
            {
                next++;
            }

            if (next == scored.Series.Events.Length || i < scored.Series.Events[next].First)
            {
                yield return i;
            }
        }
    }

    /// <summary>Points in benign spans and in no event, each once.</summary>
    private static List<int> InBenign(LabelledSeries series)
    {
        var isBenign = new bool[series.Values.Length];
        foreach (var span in series.Benign)
        {
            isBenign.AsSpan(span.Points.First, span.Points.Count).Fill(true);
        }

        foreach (var span in series.Events)
        {
            isBenign.AsSpan(span.First, span.Count).Clear();
        }

        return [.. Enumerable.Range(0, isBenign.Length).Where(i => isBenign[i])];
    }

    /// <summary>The smallest value that at least the share <paramref name="q"/> does not exceed.</summary>
    private static double Quantile(List<double> sorted, double q) => sorted.Count == 0 ? double.NaN : sorted[Math.Max(0, (int)Math.Ceiling(q * sorted.Count) - 1)];
}
