using System.Collections.Immutable;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Proposals;

namespace NetPulse.Optimizer.Rollout;

/// <summary>Tells the journal what a run saw that the run before had not.</summary>
public sealed class Narrative(ChangeJournal journal)
{
    private readonly Dictionary<(Edge, Signal), Anomaly> open = [];
    private readonly Dictionary<Edge, Cause> causes = [];
    private readonly Dictionary<string, string> decisions = new(StringComparer.Ordinal);
    private readonly HashSet<string> problems = new(StringComparer.Ordinal);

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
        var seen = picture.Anomalies.ToDictionary(anomaly => (anomaly.Edge, anomaly.Signal));
        foreach (var (key, anomaly) in seen.Where(pair => !open.ContainsKey(pair.Key)))
        {
            open.Add(key, anomaly);
            journal.Note(EntryKind.Anomaly, anomaly.Edge.ToString(), anomaly.ToString());
        }

        foreach (var (key, anomaly) in open.Where(pair => !seen.ContainsKey(pair.Key)).ToList())
        {
            open.Remove(key);
            journal.Note(EntryKind.Recovered, anomaly.Edge.ToString(), $"{anomaly.Edge}: {(anomaly.Signal == Signal.Throughput ? "throughput" : "round-trip time")} is usual again");
        }

        foreach (var ended in decisions.Keys.Except(picture.Proposals.Select(Key)).ToList())
        {
            decisions.Remove(ended);
        }

        foreach (var edge in causes.Keys.Except(picture.Findings.Select(finding => finding.Edge)).ToList())
        {
            causes.Remove(edge);
        }

        foreach (var finding in picture.Findings.Where(finding => !causes.TryGetValue(finding.Edge, out var known) || known != finding.Cause))
        {
            causes[finding.Edge] = finding.Cause;
            journal.Note(EntryKind.Finding, finding.Edge.ToString(), Describe(finding), [.. finding.Proof.Select(evidence => evidence.ToString())]);
        }
    }

    /// <summary>Once for each proposal, and again when the gate that decides changes.</summary>
    public void Tell(SysctlProposal proposal, Decision decision)
    {
        var key = Key(proposal);
        if (!decisions.TryGetValue(key, out var gate))
        {
            journal.Note(EntryKind.Proposal, proposal.Pod.ToString(), proposal.ToString(), proposal.Diff.Split('\n'));
        }

        if (gate != decision.Gate)
        {
            decisions[key] = decision.Gate;
            journal.Note(EntryKind.Decision, proposal.Pod.ToString(), decision.Allowed ? $"allowed by {decision.Reason}" : $"not carried out ({decision.Gate}): {decision.Reason}");
        }
    }

    private static string Key(SysctlProposal proposal) => $"{proposal.Pod} {proposal.Sysctl}";

    private static string Describe(Finding finding) => finding.Cause == Cause.Unknown
        ? $"{finding.Edge}: {finding.Summary}; against those that we know speaks:"
        : $"{finding.Edge}: {finding.Summary}{(finding.Advice.Length > 0 ? $"; {finding.Advice}" : "")}. Proof, {finding.Confidence * 100:0} % of it measured:";
}
