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
using NetPulse.Optimizer.Profiles;
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
    Outlook outlook,
    ProfileWatch profiles,
    ChangeLifecycle lifecycle,
    RecommendationBook recommendations,
    DetectionMemory memory,
    ChangeJournal journal,
    EffectBook effects,
    GateMeter gates,
    Narrative narrative,
    PolicyConditions? conditions = null)
{
    /// <summary>Time that an alert may need to end once its cause is healed.</summary>
    private static readonly TimeSpan AlertsEnd = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan SurgeLength = TimeSpan.FromMinutes(10);

    private Picture latest = Picture.Empty;
    private ImmutableArray<string> runProblems = [];

    /// <summary>What the latest complete run saw.</summary>
    public Picture Latest => Volatile.Read(ref latest);

    /// <summary>Why the network policies could not be looked at after the run before; empty when they were.</summary>
    public string PoliciesProblem { get; set; } = "";

    /// <exception cref="IOException">The store, the objects or the journal failed; what was journaled is taken up again by the next run.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunToTheEndAsync(cancellationToken);
        }
        catch (IOException e)
        {
            Volatile.Write(ref latest, Latest with { Problems = [e.Message] });
            if (conditions is not null && objects.Term is not null)
            {
                await conditions.WriteFailureAsync(e.Message, cancellationToken);
            }

            throw;
        }
    }

    /// <summary>Between two runs: only the next steps of open changes, which must not wait for a cron expression that comes once an hour.</summary>
    /// <exception cref="IOException">As for <see cref="RunAsync"/>.</exception>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        if (objects.Term is not { } term || (recommendations.HasTakenOver(term) && !journal.Changes.Any(state => state.IsOpen)))
        {
            return;
        }

        var cluster = await objects.ReadAsync(cancellationToken);
        var problems = cluster.Problems.AddRange(await StepAsync(cluster, openOnly: true, cancellationToken));
        problems = problems.AddRange(await recommendations.FollowAsync(cluster, ImmutableDictionary<string, Decision>.Empty, cancellationToken));

        // What only a whole run looks at lasts until the next one.
        narrative.Tell([.. problems.Union(runProblems, StringComparer.Ordinal)]);
    }

    private async Task RunToTheEndAsync(CancellationToken cancellationToken)
    {
        var cluster = await objects.ReadAsync(cancellationToken);
        var leads = objects.Term is not null;
        var problems = cluster.Problems.AddRange(cluster.Policy.Spec.Problems());
        if (PoliciesProblem.Length > 0)
        {
            problems = problems.Add(PoliciesProblem);
        }

        if (leads)
        {
            problems = problems.AddRange(await StepAsync(cluster, openOnly: false, cancellationToken));
        }

        var traffic = await edges.ReadAsync(cluster.At, cancellationToken);
        announcements.Observe(cluster, traffic.SelectMany(edge => new[] { edge.Edge.Owner, edge.Edge.Peer }));
        ImmutableArray<Anomaly> anomalies =
        [
            .. edges.FindAnomalies(traffic, announcements, cluster.At),
            .. await errors.FindAsync(cluster.At, cancellationToken),
            .. await shapes.FindAsync(cluster.At, cancellationToken),
        ];
        var unusual = await usual.FindAsync(cluster.At, announcements, cancellationToken);
        var incidents = incidentSearch.Find(alerts.Update(anomalies.AddRange(unusual), cluster.At), traffic, usual.Count);
        var forecasts = await capacities.ForecastAsync(cluster.At, cancellationToken);
        var explained = await causes.ExplainAsync([.. anomalies.Where(anomaly => !IsBeingChanged(anomaly.Subject))], traffic, ChangedAt, cluster.At, cancellationToken);
        var findings = explained.RemoveAll(finding => IsHealed(finding, cluster.At));
        ImmutableArray<SysctlProposal> proposals = cluster.Policy.Spec.Mode == OptimizationMode.Observe
            ? []
            : effects.Learned([.. RemedySearch.For(findings, traffic, cluster).Concat(await outlook.AheadAsync(forecasts, traffic, cluster, cancellationToken)).DistinctBy(proposal => proposal.Key)]);
        if (leads)
        {
            var recorded = await recommendations.RecordAsync(proposals, cluster, cancellationToken);
            (proposals, cluster, problems) = (recorded.Proposals, recorded.Cluster, problems.AddRange(recorded.Problems));
        }

        var picture = new Picture(cluster.At, cluster.Policy, problems, traffic, incidents, forecasts, findings, proposals);
        Volatile.Write(ref latest, picture);
        narrative.Tell(picture);
        narrative.Tell(await profiles.JudgeAsync(findings, proposals, cancellationToken));
        memory.SaveWhenDue();

        runProblems = leads ? problems.AddRange(await DecideAsync(proposals, cluster, problems, cancellationToken)) : problems;
        Volatile.Write(ref latest, picture with { Problems = runProblems });
        narrative.Tell(runProblems);
    }

    /// <summary>Open changes first, also those that an earlier leader left.</summary>
    private async Task<ImmutableArray<string>> StepAsync(ClusterSnapshot cluster, bool openOnly, CancellationToken cancellationToken)
    {
        if (objects.Term is { } term)
        {
            await recommendations.TakeOverAsync(term, cancellationToken);
        }

        return await lifecycle.StepAllAsync(openOnly ? [.. journal.Changes.Where(state => state.IsOpen)] : journal.Changes, cluster, cancellationToken);
    }

    /// <returns>What could not be written.</returns>
    private async Task<ImmutableArray<string>> DecideAsync(ImmutableArray<SysctlProposal> proposals, ClusterSnapshot cluster, ImmutableArray<string> problems, CancellationToken cancellationToken)
    {
        var decisions = new Dictionary<string, Decision>(StringComparer.Ordinal);
        var refused = ImmutableArray<string>.Empty;
        var surge = SurgeOf(proposals, cluster.At);
        foreach (var proposal in proposals)
        {
            var decision = Guard.Decide(proposal, cluster, EarlierChanges(cluster), surge);

            // A trouble of this second can wait for the next run: a change that could not be judged would be taken back.
            var change = decision.Allowed && await lifecycle.CanJudgeAsync(proposal, cluster.At, cancellationToken) ? lifecycle.Plan(proposal, cluster) : null;
            if (change is not null && await lifecycle.RefusalAsync(change, cancellationToken) is { } refusal)
            {
                (change, decision) = (null, new Decision(false, "write", refusal));
                refused = refused.Add($"{proposal.Target}: {refusal}");
            }

            decisions[RecommendationKey.Of(proposal)] = decision;
            if (narrative.Tell(proposal, decision) && !decision.Allowed)
            {
                gates.Blocked(decision.Gate);
            }

            if (change is not null)
            {
                await lifecycle.BeginAsync(change, cancellationToken);
            }
        }

        refused = refused.AddRange(await recommendations.FollowAsync(cluster, decisions, cancellationToken));
        return conditions is not null && await conditions.WriteAsync(cluster.Policy, problems.AddRange(refused), cancellationToken) is { } unwritten ? refused.Add(unwritten) : refused;
    }

    /// <summary>A subject is explained anew once the change that it is measured under has ended.</summary>
    private bool IsBeingChanged(Subject subject) => journal.Changes.Any(state => state.IsOpen && state.Change.Touches(subject));

    /// <summary>Whether nothing explains what is only the end of a trouble that a change has healed.</summary>
    private bool IsHealed(Finding finding, DateTimeOffset now) => finding.Cause == Cause.Unknown && journal.Changes.Any(state =>
        state.Phase == ChangePhase.Kept && now - state.Since < AlertsEnd && finding.Measured.Onset <= state.AppliedAt && state.Change.Touches(finding.Subject));

    private ProposalSurge SurgeOf(ImmutableArray<SysctlProposal> proposals, DateTimeOffset now) => new(
        journal.Latest.Where(entry => entry.Kind == EntryKind.Proposal && now - entry.At < SurgeLength).Select(entry => entry.Subject)
            .Concat(proposals.Select(proposal => proposal.Target)).Distinct(StringComparer.Ordinal).Count(),
        proposals.Select(proposal => proposal.Node).Distinct(StringComparer.Ordinal).Count());

    /// <summary>Making, keeping and undoing all count.</summary>
    private DateTimeOffset? ChangedAt(Subject subject) =>
        journal.Changes.Where(state => state.AppliedAt is not null && state.Change.Touches(subject)).Max(state => (DateTimeOffset?)state.Since);

    private ImmutableArray<EarlierChange> EarlierChanges(ClusterSnapshot cluster) =>
    [
        .. from state in journal.Changes
           where state.Phase != ChangePhase.Abandoned
           select new EarlierChange(
               state.Change.Node, state.Change.Pod, state.Change.Workload, [.. state.Change.Writes.Select(write => write.Sysctl)], state.Change.PlannedAt, state.IsOpen,
               HasFailed: state.Phase is ChangePhase.RolledBack or ChangePhase.NotMade)
           {
               IsInForce = !state.HasEnded,
               MemoryByNode = state.HasEnded ? ImmutableDictionary<string, long>.Empty : state.Change.MemoryByNode(cluster),
           },
    ];
}
