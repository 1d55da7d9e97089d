using System.Collections.Immutable;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Alerts;
using NetPulse.Optimizer.Detection.Forecasts;
using NetPulse.Optimizer.Detection.Incidents;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Proposals;

namespace NetPulse.Optimizer.Rollout;

/// <summary>Tells the journal what a run saw that the run before had not.</summary>
public sealed class Narrative
{
    /// <summary>Alerts of one incident that the journal lists; the page has all.</summary>
    private const int AlertsTold = 20;

    private readonly ChangeJournal journal;

    /// <summary>Series of open incidents that were told of, each with the one under which it was.</summary>
    private readonly Dictionary<string, string> told = new(StringComparer.Ordinal);
    private readonly HashSet<(Subject Subject, Cause Cause)> causes = [];
    private readonly Dictionary<string, string> decisions = new(StringComparer.Ordinal);
    private readonly HashSet<string> forecasts = new(StringComparer.Ordinal);
    private readonly HashSet<string> problems = new(StringComparer.Ordinal);

    /// <summary>Knows from the journal what an earlier process has told.</summary>
    public Narrative(ChangeJournal journal)
    {
        this.journal = journal;
        foreach (var entry in journal.Latest)
        {
            if (entry.Kind == EntryKind.Incident)
            {
                told[entry.Subject] = entry.Subject;
            }
            else if (entry.Kind == EntryKind.Recovered)
            {
                told.Remove(entry.Subject);
            }
        }
    }

    /// <summary>Each problem once, as long as it lasts.</summary>
    public void Tell(ImmutableArray<string> current)
    {
        foreach (var problem in current.Where(problem => !problems.Contains(problem)))
        {
            journal.Note(EntryKind.Problem, "optimizer", problem);
        }

        problems.Clear();
        problems.UnionWith(current);
    }

    public void Tell(Picture picture)
    {
        TellIncidents(picture.Incidents);
        TellForecasts(picture.Forecasts);
        foreach (var ended in decisions.Keys.Except(picture.Proposals.Select(proposal => proposal.Key)).ToList())
        {
            decisions.Remove(ended);
        }

        var found = picture.Findings.Select(finding => (finding.Subject, finding.Cause)).ToHashSet();
        causes.IntersectWith(found);
        foreach (var finding in picture.Findings.Where(finding => causes.Add((finding.Subject, finding.Cause))))
        {
            journal.Note(EntryKind.Finding, finding.Subject.ToString(), Describe(finding), [.. finding.Proof.Select(evidence => evidence.ToString())]);
        }
    }

    /// <summary>Once for each proposal, and again when the gate that decides changes.</summary>
    public void Tell(SysctlProposal proposal, Decision decision)
    {
        var key = proposal.Key;
        if (!decisions.TryGetValue(key, out var gate))
        {
            journal.Note(EntryKind.Proposal, proposal.Target, proposal.ToString(), proposal.Diff.Split('\n'));
        }

        if (gate != decision.Gate)
        {
            decisions[key] = decision.Gate;
            journal.Note(EntryKind.Decision, proposal.Target, decision.Allowed ? $"allowed by {decision.Reason}" : $"not carried out ({decision.Gate}): {decision.Reason}");
        }
    }

    /// <summary>Each incident once, and once more when all of its alerts have ended.</summary>
    private void TellIncidents(ImmutableArray<Incident> incidents)
    {
        var open = new HashSet<string>(StringComparer.Ordinal);
        foreach (var incident in incidents.Where(incident => incident.IsOpen))
        {
            var subjects = incident.Alerts.Select(alert => alert.Anomaly.Series).ToList();
            var subject = subjects.Select(series => told.GetValueOrDefault(series)).OfType<string>().FirstOrDefault();
            if (subject is null)
            {
                subject = subjects[0];
                journal.Note(EntryKind.Incident, subject, incident.ToString(), [.. incident.Alerts.Take(AlertsTold).Select(Line)]);
            }

            open.Add(subject);
            foreach (var series in subjects)
            {
                told[series] = subject;
            }
        }

        foreach (var subject in told.Values.Distinct(StringComparer.Ordinal).Where(subject => !open.Contains(subject)).ToList())
        {
            journal.Note(EntryKind.Recovered, subject, $"{subject} is usual again, and all that was joined with it");
            foreach (var (series, _) in told.Where(pair => pair.Value == subject).ToList())
            {
                told.Remove(series);
            }
        }
    }

    /// <summary>Each once, as long as it stands.</summary>
    private void TellForecasts(ImmutableArray<CapacityForecast> current)
    {
        foreach (var forecast in current.Where(forecast => !forecasts.Contains(forecast.Subject)))
        {
            journal.Note(EntryKind.Forecast, forecast.Subject, forecast.ToString());
        }

        forecasts.Clear();
        forecasts.UnionWith(current.Select(forecast => forecast.Subject));
    }

    private static string Line(Alert alert) => $"{alert.Severity}: {alert.Anomaly}";

    private static string Describe(Finding finding) => finding.Cause == Cause.Unknown
        ? $"{finding.Subject}: {finding.Summary}; against those that we know speaks:"
        : $"{finding.Subject}: {finding.Summary}{(finding.Advice.Length > 0 ? $"; {finding.Advice}" : "")}. Proof, {finding.Confidence * 100:0} % of it measured:";
}
