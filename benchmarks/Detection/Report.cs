using System.Diagnostics;
using System.Runtime.InteropServices;
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

    /// <summary>How much of it is the choice of the threshold; only of ours.</summary>
    public IReadOnlyList<CrossCheck>? CrossChecks { get; init; }

    /// <summary>Of the detector's own alerts, at its default budget of false alarms.</summary>
    public RecallAtBudget? OwnAlerts { get; init; }

    /// <summary>How its own alerts are joined; only of a set that says which belong together.</summary>
    public IncidentResult? Incidents { get; init; }

    public required double AucPr { get; init; }

    public required double VusPr { get; init; }

    /// <summary>The default of <c>detection.falseAlarmsPerDay</c>.</summary>
    private const double OwnBudget = 0.02;

    private static readonly double[] Budgets = [0.02, 0.05, 0.1, 0.2, 0.5, 1];
    private static readonly NabProfile[] Profiles = [NabProfile.Standard, NabProfile.LowFalsePositives, NabProfile.LowFalseNegatives];

    public static SetReport Of(LabelledSet set, string detector, IReadOnlyList<ScoredSeries> scored, double? nabThreshold) => new()
    {
        Set = set.Name,
        Detector = detector,
        Series = scored.Count,
        Points = scored.Sum(series => (long)series.Raw.Length),
        Nab = set.Kind == SetKind.Nab
            ? Profiles.ToDictionary(profile => profile.Name, profile => NabScore.Of(scored, profile, nabThreshold))
            : null,
        Recall = set.Kind == SetKind.Events ? [.. Budgets.Select(budget => EventRecall.At(scored, budget))] : null,
        CrossChecks = scored.Any(series => series.Alerts is null) ? null
            : set.Kind == SetKind.Nab ? [.. Profiles.Select(profile => CrossCheck.Nab(scored, profile))]
            : [.. Budgets.SelectMany(budget => CrossCheck.Events(scored, budget))],
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

        foreach (var check in CrossChecks ?? [])
        {
            yield return $"  threshold of one half on the other, {check.Splits} times: {check.Measure} {check.Mean:G3} (deviation {check.Deviation:G2})";
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

/// <param name="Utc">When it began.</param>
/// <param name="Commit">As git describes it; <c>unknown</c> without git.</param>
/// <param name="LoadBefore">One-minute load average.</param>
/// <param name="LoadAfter">Likewise.</param>
internal sealed record Circumstances(DateTimeOffset Utc, string Commit, int Cores, string Framework, string LoadBefore, string LoadAfter)
{
    private const string Git = "/usr/bin/git";

    public static Circumstances Now()
    {
        var load = Load();
        return new Circumstances(TimeProvider.System.GetUtcNow(), Describe(), Environment.ProcessorCount, RuntimeInformation.FrameworkDescription, load, load);
    }

    public Circumstances AtTheEnd() => this with { LoadAfter = Load() };

    private static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static string Describe()
    {
        if (!File.Exists(Git))
        {
            return "unknown";
        }

        using var git = Process.Start(new ProcessStartInfo(Git, ["describe", "--always", "--dirty"]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        return git.StandardOutput.ReadToEnd().Trim() is { Length: > 0 } commit ? commit : "unknown";
    }
}

/// <param name="NotScored">Files that could not be read, and why.</param>
internal sealed record EvaluationReport(Circumstances Measured, IReadOnlyList<SetReport> Sets, IReadOnlyList<string> NotScored, IReadOnlyList<SpeedResult> Speed, RootSpeed Root)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        File.WriteAllText(path, JsonSerializer.Serialize(this, Json) + "\n");
    }
}
