using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Alerts;
using NetPulse.Optimizer.Detection.Forecasts;
using NetPulse.Optimizer.Detection.Incidents;
using NetPulse.Optimizer.Detection.Preparation;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Proposals;
using NetPulse.Optimizer.Rollout;

namespace NetPulse.Optimizer;

/// <summary>One turn of the loop: open changes first, then anomaly → incident → cause → proposal → guarded change.</summary>
public sealed class OptimizationRun(
    IClusterObjects objects,
    EdgeWatch edges,
    ErrorWatch errors,
    ShapeWatch shapes,
    UsualWatch usual,
    Announcements announcements,
    AlertBook alerts,
    IncidentSearch incidentSearch,
    CapacityWatch capacities,
    CauseSearch causes,
    ChangeLifecycle lifecycle,
    DetectionMemory memory,
    ChangeJournal journal,
    Narrative narrative)
{
    private Picture latest = Picture.Empty;

    /// <summary>What the latest complete run saw.</summary>
    public Picture Latest => Volatile.Read(ref latest);

    /// <exception cref="IOException">The store, the objects or the journal failed; what was journaled is taken up again by the next run.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var cluster = await objects.ReadAsync(cancellationToken);
        var problems = cluster.Problems.AddRange(await lifecycle.StepAllAsync(journal.Changes, cluster, cancellationToken));
        narrative.Tell(problems);

        var traffic = await edges.ReadAsync(cluster.At, cancellationToken);
        announcements.Observe(cluster, traffic.SelectMany(edge => new[] { edge.Edge.Owner, edge.Edge.Peer }));
        ImmutableArray<Anomaly> anomalies =
        [
            .. edges.FindAnomalies(traffic, announcements),
            .. await errors.FindAsync(cluster.At, cancellationToken),
            .. await shapes.FindAsync(cluster.At, cancellationToken),
        ];
        var unusual = await usual.FindAsync(cluster.At, announcements, cancellationToken);
        var incidents = incidentSearch.Find(alerts.Update(anomalies.AddRange(unusual), cluster.At), traffic, usual.Count);
        var forecasts = await capacities.ForecastAsync(cluster.At, cancellationToken);
        var findings = await causes.ExplainAsync([.. anomalies.Where(anomaly => !IsBeingChanged(anomaly.Subject))], traffic, ChangedAt, cluster.At, cancellationToken);
        var proposals = cluster.Policy.Spec.Mode == OptimizationMode.Observe ? [] : RemedySearch.For(findings, traffic, cluster);
        var picture = new Picture(cluster.At, cluster.Policy, problems, traffic, incidents, forecasts, findings, proposals);
        Volatile.Write(ref latest, picture);
        narrative.Tell(picture);
        memory.SaveWhenDue();

        foreach (var proposal in proposals)
        {
            var decision = Guard.Decide(proposal, cluster, EarlierChanges());
            narrative.Tell(proposal, decision);
            if (decision.Allowed)
            {
                await lifecycle.BeginAsync(proposal, cluster, cancellationToken);
            }
        }
    }

    /// <summary>Between two runs: only the next steps of open changes, which must not wait for a cron expression that comes once an hour.</summary>
    /// <exception cref="IOException">As for <see cref="RunAsync"/>.</exception>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        var open = journal.Changes.Where(state => state.IsOpen).ToList();
        if (open.Count > 0)
        {
            var cluster = await objects.ReadAsync(cancellationToken);
            narrative.Tell(cluster.Problems.AddRange(await lifecycle.StepAllAsync(open, cluster, cancellationToken)));
        }
    }

    /// <summary>A subject is explained anew once the change that it is measured under has ended.</summary>
    private bool IsBeingChanged(Subject subject) => journal.Changes.Any(state => state.IsOpen && state.Change.Touches(subject));

    /// <summary>Making, keeping and undoing all count.</summary>
    private DateTimeOffset? ChangedAt(Subject subject) =>
        journal.Changes.Where(state => state.AppliedAt is not null && state.Change.Touches(subject)).Max(state => (DateTimeOffset?)state.Since);

    private ImmutableArray<EarlierChange> EarlierChanges() =>
    [
        .. from state in journal.Changes
           where state.Phase != ChangePhase.Abandoned
           select new EarlierChange(
               state.Change.Node, state.Change.Pod, state.Change.Workload, [.. state.Change.Writes.Select(write => write.Sysctl)], state.Change.PlannedAt, state.IsOpen,
               HasFailed: state.Phase is ChangePhase.RolledBack or ChangePhase.NotMade),
    ];
}
