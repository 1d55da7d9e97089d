using System.Globalization;

namespace NetPulse.Benchmarks.Detection.Measures;

/// <summary>What a threshold that was found on one half of the series is worth on the other half, over random halves.</summary>
/// <param name="Measure">Which.</param>
/// <param name="Mean">NaN where no half has an event.</param>
/// <param name="Deviation">Standard deviation.</param>
/// <param name="Splits">Halves that have an event.</param>
public sealed record CrossCheck(string Measure, double Mean, double Deviation, int Splits)
{
    private const int NabSplits = 100, EventSplits = 20;

    /// <summary>A profile's score.</summary>
    public static CrossCheck Nab(IReadOnlyList<ScoredSeries> scored, NabProfile profile) =>
        Of(profile.Name, [.. Halves(scored, NabSplits).Select(halves => NabScore.Of(halves.Other, profile, NabScore.Of(halves.Found, profile).Threshold).Score)]);

    /// <summary>Recall at a budget of false alarms, and what is used of the budget.</summary>
    public static IEnumerable<CrossCheck> Events(IReadOnlyList<ScoredSeries> scored, double budgetPerDay)
    {
        var results = Halves(scored, EventSplits).Select(halves => EventRecall.AtThreshold(halves.Other, (float)EventRecall.At(halves.Found, budgetPerDay).Threshold)).ToList();
        yield return Of(string.Create(CultureInfo.InvariantCulture, $"recall at {budgetPerDay}"), results.ConvertAll(result => result.Recall));
        yield return Of(string.Create(CultureInfo.InvariantCulture, $"false alarms a day at {budgetPerDay}"), results.ConvertAll(result => result.FalseAlarmsPerDay));
    }

    private static CrossCheck Of(string measure, List<double> results)
    {
        results.RemoveAll(result => !double.IsFinite(result));
        var mean = results.Count == 0 ? double.NaN : results.Average();
        return new CrossCheck(measure, mean, results.Count == 0 ? double.NaN : Math.Sqrt(results.Average(result => (result - mean) * (result - mean))), results.Count);
    }

    private static IEnumerable<(ScoredSeries[] Found, ScoredSeries[] Other)> Halves(IReadOnlyList<ScoredSeries> scored, int splits)
    {
        var random = new Random(1);
        var all = scored.ToArray();
        for (var split = 0; split < splits && all.Length > 1; split++)
        {
            random.Shuffle(all);
            yield return (all[..(all.Length / 2)], all[(all.Length / 2)..]);
        }
    }
}
