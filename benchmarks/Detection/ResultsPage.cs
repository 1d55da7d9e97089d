using System.Globalization;
using System.Text;

namespace NetPulse.Benchmarks.Detection;

/// <summary>The figures as a page of Markdown.</summary>
internal static class ResultsPage
{
    public static string Of(EvaluationReport report)
    {
        var page = new StringBuilder();
        var measured = report.Measured;
        page.Append(CultureInfo.InvariantCulture, $"""
            # Detection

            Written by `make eval`, {measured.Utc:yyyy-MM-dd HH:mm} UTC, commit {measured.Commit}: {measured.Cores} cores, {measured.Framework}, load average {measured.LoadBefore} before and {measured.LoadAfter} after (speed is by CPU time).
            The development share; the kept-back share was not seen. Peers are written anew from their papers, with our gate and told of the same announced changes;
            their settings were not tuned. docs/detection.md says which setting was chosen on what, and what was not reached.

            ## NAB, three profiles at once

            | | standard | low FP | low FN | threshold (standard) | windows found | false points |
            |---|---|---|---|---|---|---|

            """);
        foreach (var set in report.Sets.Where(set => set.Nab is not null))
        {
            var standard = set.Nab!["standard"];
            page.Append(CultureInfo.InvariantCulture, $"| {set.Set}, {set.Detector} | {standard.Score:F1} | {set.Nab["low_fp"].Score:F1} | {set.Nab["low_fn"].Score:F1} | {standard.Threshold:G4} | {standard.Found} of {standard.Windows} | {standard.FalsePoints} |\n");
            if (set.CrossChecks is { } checks)
            {
                page.Append(CultureInfo.InvariantCulture, $"| the same, threshold of one half of the files on the other, {checks[0].Splits} times: mean (deviation) | {Mean(checks[0])} | {Mean(checks[1])} | {Mean(checks[2])} | | | |\n");
            }
        }

        page.Append("\n## Events: recall at false alarms a day\n\n");
        var events = report.Sets.Where(set => set.Recall is not null).ToList();
        if (events.Count > 0)
        {
            var budgets = events[0].Recall!.Select(recall => recall.BudgetPerDay).ToList();
            page.Append(CultureInfo.InvariantCulture, $"| | {string.Join(" | ", budgets)} | AUC-PR | VUS-PR | delay at the last, samples: median, 90 % |\n|---|{string.Concat(budgets.Select(_ => "---|"))}---|---|---|\n");
            foreach (var set in events)
            {
                var last = set.Recall![^1];
                page.Append(CultureInfo.InvariantCulture, $"| {set.Set}, {set.Detector} | {Joined(set.Recall.Select(recall => recall.Recall))} | {set.AucPr:F3} | {set.VusPr:F3} | {last.MedianDelay}, {last.NinetiethDelay} |\n");
                if (set.CrossChecks is { } checks)
                {
                    page.Append(CultureInfo.InvariantCulture, $"| the same, threshold of one half on the other, {checks[0].Splits} times: mean | {Joined(checks.Where((_, i) => i % 2 == 0).Select(check => check.Mean))} | | | |\n");
                }
            }
        }

        page.Append("\n## Our own alerts, at the budget of 0.02 false alarms a day\n\n| | recall | false alarms a day | in benign spans, a day | delay, samples: median, 90 % | alerts, incidents | joined rightly: precision, recall, across nodes |\n|---|---|---|---|---|---|---|\n");
        foreach (var set in report.Sets.Where(set => set.OwnAlerts is not null))
        {
            var own = set.OwnAlerts!;
            var joined = set.Incidents is { } incidents
                ? string.Create(CultureInfo.InvariantCulture, $"{incidents.Alerts}, {incidents.Incidents} | {incidents.Precision:F2} ({incidents.CorrectPairs} of {incidents.JoinedPairs} pairs), {incidents.Recall:F2} ({incidents.CorrectPairs} of {incidents.TruePairs}), {incidents.AcrossNodes:F2}")
                : "- | -";
            page.Append(CultureInfo.InvariantCulture, $"| {set.Set} | {own.Recall:F2} ({own.Found} of {own.Events}) | {own.FalseAlarmsPerDay:F3} | {(double.IsNaN(own.BenignAlarmsPerDay) ? "-" : own.BenignAlarmsPerDay.ToString("F2", CultureInfo.InvariantCulture))} | {own.MedianDelay}, {own.NinetiethDelay} | {joined} |\n");
        }

        page.Append("\n## Speed and memory\n\n| Kind | million points per CPU second, one thread | bytes allocated a point | bytes of state a series |\n|---|---|---|---|\n");
        foreach (var speed in report.Speed)
        {
            page.Append(CultureInfo.InvariantCulture, $"| {speed.Kind} | {speed.PointsPerSecond / 1e6:F0} | {speed.BytesPerPoint:F0} | {speed.StateBytes:F0} |\n");
        }

        page.Append(CultureInfo.InvariantCulture, $"\nRoot dimension of {report.Root.Leaves:N0} leaves in {report.Root.Dimensions} dimensions: {report.Root.MedianCpuMilliseconds:F1} ms of CPU (median of {report.Root.Searches}); found {report.Root.Found}.\n");
        return page.ToString();
    }

    private static string Mean(Measures.CrossCheck check) => string.Create(CultureInfo.InvariantCulture, $"{check.Mean:F1} ({check.Deviation:F1})");

    private static string Joined(IEnumerable<double> recalls) => string.Join(" | ", recalls.Select(recall => recall.ToString("F2", CultureInfo.InvariantCulture)));
}
