using System.Text.Json;
using System.Text.Json.Serialization;
using NetPulse.Benchmarks.Detection.Data;
using NetPulse.Benchmarks.Detection.Measures;

namespace NetPulse.Benchmarks.Detection;

/// <summary>The six measures of one set by one detector.</summary>
internal sealed record SetReport
{
    public required string Set { get; init; }

    public required string Detector { get; init; }

    public required int Series { get; init; }

    public required long Points { get; init; }

    /// <summary>By profile; only of a NAB set.</summary>
    public IReadOnlyDictionary<string, NabResult>? Nab { get; init; }

    /// <summary>Only of a set of events, with delay and false alarms in benign spans.</summary>
    public IReadOnlyList<RecallAtBudget>? Recall { get; init; }

    /// <summary>Of the detector's own alerts, at its default budget of false alarms.</summary>
    public RecallAtBudget? OwnAlerts { get; init; }

    /// <summary>How its own alerts are joined; only of a set that says which belong together.</summary>
    public IncidentResult? Incidents { get; init; }

    public required double AucPr { get; init; }

    public required double VusPr { get; init; }

    /// <summary>The default of <c>detection.falseAlarmsPerDay</c>.</summary>
    private const double OwnBudget = 0.02;

    private static readonly double[] Budgets = [0.02, 0.05, 0.1, 0.2, 0.5, 1];

    public static SetReport Of(LabelledSet set, string detector, IReadOnlyList<ScoredSeries> scored, double? nabThreshold) => new()
    {
        Set = set.Name,
        Detector = detector,
        Series = scored.Count,
        Points = scored.Sum(series => (long)series.Raw.Length),
        Nab = set.Kind == SetKind.Nab
            ? new[] { NabProfile.Standard, NabProfile.LowFalsePositives, NabProfile.LowFalseNegatives }.ToDictionary(p => p.Name, p => NabScore.Of(scored, p, nabThreshold))
            : null,
        Recall = set.Kind == SetKind.Events ? [.. Budgets.Select(budget => EventRecall.At(scored, budget))] : null,
        OwnAlerts = set.Kind == SetKind.Events && scored.All(series => series.Alerts is not null) ? OfAlerts(scored) : null,
        Incidents = scored.All(series => series.Alerts is not null && series.Series.Node.Length > 0) ? IncidentScore.Of(scored, OwnBudget) : null,
        AucPr = PrecisionRecall.AreaUnderCurve(scored),
        VusPr = PrecisionRecall.VolumeUnderSurface(scored),
    };

    private static RecallAtBudget OfAlerts(IReadOnlyList<ScoredSeries> scored) => EventRecall.AtThreshold(
        [.. scored.Select(series => series with { Gated = Array.ConvertAll(series.Alerts!, isAlert => isAlert ? 1f : 0f) })], 1) with { BudgetPerDay = OwnBudget };

    public IEnumerable<string> Lines()
    {
        yield return $"{Set}, {Detector}: {Series} series, {Points} points; AUC-PR {AucPr:F3}, VUS-PR {VusPr:F3}";
        foreach (var (profile, nab) in Nab ?? new Dictionary<string, NabResult>())
        {
            yield return $"  NAB {profile,-8} {nab.Score,5:F1} at threshold {nab.Threshold:G4}: {nab.Found} of {nab.Windows} windows, {nab.FalsePoints} false points";
        }

        foreach (var recall in Recall ?? [])
        {
            yield return $"  {recall.BudgetPerDay,4} false alarms a day: recall {recall.Recall:F2} ({recall.Found} of {recall.Events}), delay {recall.MedianDelay} / {recall.NinetiethDelay} samples (median / 90 %), "
                + $"in benign spans {recall.BenignAlarmsPerDay:F2} a day, threshold {recall.Threshold:G4}";
        }

        if (OwnAlerts is { } own)
        {
            yield return $"  its own alerts: recall {own.Recall:F2}, {own.FalseAlarmsPerDay:F3} false alarms a day, in benign spans {own.BenignAlarmsPerDay:F2} a day, delay {own.MedianDelay} / {own.NinetiethDelay}";
        }

        if (Incidents is { } joined)
        {
            yield return $"  its own alerts joined: {joined.Alerts} to {joined.Incidents} incidents; pairs of one trouble: precision {joined.Precision:F2} ({joined.CorrectPairs} of {joined.JoinedPairs}), "
                + $"recall {joined.Recall:F2} ({joined.CorrectPairs} of {joined.TruePairs}), across nodes {joined.AcrossNodes:F2}";
        }
    }
}

internal sealed record EvaluationReport(IReadOnlyList<SetReport> Sets, IReadOnlyList<SpeedResult> Speed, RootSpeed Root)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, Json) + "\n");
}
