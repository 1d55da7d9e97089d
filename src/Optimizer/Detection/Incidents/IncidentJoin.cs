using System.Collections.Immutable;

namespace NetPulse.Optimizer.Detection.Incidents;

/// <summary>An alert as the join sees it.</summary>
/// <param name="Alert">Whatever it stands for.</param>
/// <param name="Onset">When it began.</param>
/// <param name="Places">Where in the topology: a node, a workload, a path, … Two that share one are neighbours.</param>
public sealed record Symptom<T>(T Alert, DateTimeOffset Onset, ImmutableArray<string> Places);

/// <summary>Joins what began at about the same time at about the same place.</summary>
/// <remarks>
/// Two symptoms belong together when they share a place and began within <see cref="Near"/> of each other; what hangs together over a third one does, too.
/// Without a common place, beginning within <see cref="Coincident"/> is enough where chance would hardly bring it about: when all series together, each at its
/// budget, would have fewer than <see cref="ByChance"/> false alarms in that time. A cause that nobody told us of, as a shared switch, is joined so.
/// </remarks>
public static class IncidentJoin
{
    public static readonly TimeSpan Near = TimeSpan.FromMinutes(5);

    public static readonly TimeSpan Coincident = TimeSpan.FromMinutes(3);

    /// <summary>False alarms.</summary>
    public const double ByChance = 0.05;

    /// <param name="symptoms">In any order.</param>
    /// <param name="seriesWatched">All of them, with and without an alert.</param>
    /// <param name="falseAlarmsPerDay">Budget of one series.</param>
    /// <returns>Groups by onset, and within each by onset.</returns>
    public static ImmutableArray<ImmutableArray<T>> Join<T>(IEnumerable<Symptom<T>> symptoms, int seriesWatched, double falseAlarmsPerDay)
    {
        var sorted = symptoms.OrderBy(symptom => symptom.Onset).ToList();
        var parents = Enumerable.Range(0, sorted.Count).ToArray();
        var mayCoincide = seriesWatched * falseAlarmsPerDay * Coincident.TotalDays < ByChance;
        var latestAt = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < sorted.Count; i++)
        {
            if (mayCoincide && i > 0 && sorted[i].Onset - sorted[i - 1].Onset <= Coincident)
            {
                parents[Root(i)] = Root(i - 1);
            }

            foreach (var place in sorted[i].Places)
            {
                if (latestAt.TryGetValue(place, out var before) && sorted[i].Onset - sorted[before].Onset <= Near)
                {
                    parents[Root(i)] = Root(before);
                }

                latestAt[place] = i;
            }
        }

        return [.. Enumerable.Range(0, sorted.Count).GroupBy(Root).OrderBy(group => group.First()).Select(group => group.Select(i => sorted[i].Alert).ToImmutableArray())];

        int Root(int i)
        {
            while (parents[i] != i)
            {
                i = parents[i] = parents[parents[i]];
            }

            return i;
        }
    }
}
