using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Proposals;
using NetPulse.Optimizer.Rollout;

namespace NetPulse.Optimizer;

/// <summary>One turn of the loop: open changes first, then anomaly → cause → proposal → guarded change.</summary>
public sealed class OptimizationRun(
    ObjectsDirectory objects,
    EdgeWatch edges,
    CauseSearch causes,
    ChangeLifecycle lifecycle,
    ChangeJournal journal,
    Narrative narrative)
{
    private Picture latest = Picture.Empty;

    /// <summary>What the latest complete run saw.</summary>
    public Picture Latest => Volatile.Read(ref latest);

    /// <exception cref="IOException">The store, the objects or the journal failed; what was journaled is taken up again by the next run.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var cluster = objects.Read();
        foreach (var state in journal.Changes.ToList())
        {
            await lifecycle.StepAsync(state, cluster, cancellationToken);
        }

        var traffic = await edges.ReadAsync(cluster.At, cancellationToken);
        var anomalies = edges.FindAnomalies(traffic);
        var findings = await causes.ExplainAsync([.. anomalies.Where(anomaly => !IsBeingChanged(anomaly.Edge))], traffic, ChangedAt, cluster.At, cancellationToken);
        var proposals = cluster.Policy.Spec.Mode == OptimizationMode.Observe ? [] : LargerReceiveWindow.For(findings, traffic, cluster);
        var picture = new Picture(cluster.At, cluster.Policy, cluster.Problems, traffic, anomalies, findings, proposals);
        narrative.Tell(picture);

        foreach (var proposal in proposals)
        {
            var decision = Guard.Decide(proposal, cluster, EarlierChanges());
            narrative.Tell(proposal, decision);
            if (decision.Allowed)
            {
                lifecycle.Begin(proposal, cluster);
            }
        }

        Volatile.Write(ref latest, picture);
    }

    /// <summary>An edge is explained anew once the change that it is measured under has ended.</summary>
    private bool IsBeingChanged(Edge edge) => journal.Changes.Any(state => state.IsOpen && state.Change.Edge == edge);

    private DateTimeOffset? ChangedAt(Edge edge) => journal.Changes.Where(state => state.Change.Edge == edge).Max(state => state.AppliedAt);

    private ImmutableArray<EarlierChange> EarlierChanges() =>
    [
        .. from state in journal.Changes
           where state.Phase != ChangePhase.Abandoned
           select new EarlierChange(
               state.Change.Pod, state.Change.Edge.Peer.Workload, state.Change.Sysctl, state.Change.PlannedAt, state.IsOpen,
               HasFailed: state.Phase is ChangePhase.RolledBack or ChangePhase.NotMade),
    ];
}
