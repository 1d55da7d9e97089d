using System.Collections.Immutable;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Proposals;
using NetPulse.Optimizer.Verify;

namespace NetPulse.Optimizer.Rollout;

/// <summary>Takes each change from its plan over canary, stages and watch to kept, or back, one step a run, and takes it up again where a kill left it.</summary>
/// <remarks>
/// Every step is journaled before it is taken and may be taken twice. What is decided here rests on the journal, the nodes' desired settings and the
/// Tuners' status alone, never on this process's memory.
/// </remarks>
public sealed class ChangeLifecycle(NodeTuningWriter writer, CanaryMeasurement measurement, ChangeJournal journal, EffectBook effects)
{
    /// <summary>A Tuner that has not applied a setting for this long is not waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Time after a change's end in which its Tuner must have said something, or its node counts as gone.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(10);

    /// <summary>Time beyond the verdict in which this process may be restarted before the Tuner undoes the change by itself.</summary>
    private static readonly TimeSpan RestartAllowance = TimeSpan.FromMinutes(1);

    /// <summary>For the write of each node: ten times what it takes (<see cref="NodeTuningWriter"/> writes many at once), for servers that throttle.</summary>
    private static readonly TimeSpan WriteAllowance = TimeSpan.FromMilliseconds(25);

    /// <summary>A canary that is neither proven nor refuted is measured this many times as long as the policy asks.</summary>
    private const int LongestMeasuring = 3;

    /// <summary>More of it would make the setting's name longer than a DNS name.</summary>
    private const int LongestTargetName = 180;

    /// <summary>What would be begun.</summary>
    public Change Plan(SysctlProposal proposal, ClusterSnapshot cluster)
    {
        var canary = cluster.Policy.Spec.Canary;
        return new Change(
            NameOf(proposal, cluster.At),
            proposal.Finding.Cause,
            proposal.Node,
            proposal.Pod,
            proposal.Workload,
            proposal.Writes,
            proposal.Objective,
            Untouched(proposal.Controls, cluster.At - canary.Duration - (2 * CanaryMeasurement.Settling)),
            proposal.Finding.Measured.Range.From,
            proposal.Expected,
            proposal.TakesEffect,
            cluster.At,
            canary.Duration,
            RevertAt(cluster.At, canary.Duration * LongestMeasuring))
        {
            MemoryCostBytes = proposal.MemoryCostBytes,
            Stages = [.. canary.Stages],
            Watch = canary.Watch ?? canary.Duration,
        };
    }

    /// <summary>Asked before anything is begun: what nobody may write must wait, not fail.</summary>
    /// <returns>Why it could not be written, or may not be by now; <see langword="null"/> when it could.</returns>
    public async Task<string?> RefusalAsync(Change change, CancellationToken cancellationToken)
    {
        try
        {
            await writer.TryAsync(change, cancellationToken);
            return await writer.WithdrawnAsync(change, cancellationToken);
        }
        catch (IOException e)
        {
            return $"it cannot be written for the Tuner of {change.Node}: {e.Message}";
        }
    }

    /// <summary>Journals the plan, then writes it for the node's Tuner.</summary>
    /// <exception cref="IOException">The journal could not be written: nothing was changed.</exception>
    public async Task BeginAsync(Change change, CancellationToken cancellationToken)
    {
        journal.Enter(
            ChangePhase.Planned, change, $"planned as a canary: {change}; judged within {Duration.Format(change.JudgeAfter * LongestMeasuring)}; undone by the Tuner at {change.RevertAt:HH:mm:ss} unless kept");
        try
        {
            await writer.BeginAsync(change, cancellationToken);
        }
        catch (KubernetesException e) when (e.Fault is ApiFault.Unreachable or ApiFault.Garbled or ApiFault.Unavailable)
        {
            // The server may have stored it and only its answer was lost.
            journal.Enter(ChangePhase.Reverting, change, $"whether it was written for the Tuner of {change.Node} is not known, so it is taken back: {e.Message}");
            return;
        }
        catch (IOException e)
        {
            journal.Enter(ChangePhase.NotMade, change, $"it could not be written for the Tuner of {change.Node}, so nothing was changed: {e.Message}");
            return;
        }

        journal.Enter(ChangePhase.Written, change, $"written for the Tuner of {change.Node} as {change.Name}");
    }

    /// <inheritdoc cref="CanaryMeasurement.CanJudgeAsync"/>
    public Task<bool> CanJudgeAsync(SysctlProposal proposal, DateTimeOffset now, CancellationToken cancellationToken) => measurement.CanJudgeAsync(proposal, now, cancellationToken);

    /// <summary>The next step of each change, if it is due; one that fails stops no other.</summary>
    /// <returns>Steps that failed and are tried again at the next run.</returns>
    public async Task<ImmutableArray<string>> StepAllAsync(IEnumerable<ChangeState> changes, ClusterSnapshot cluster, CancellationToken cancellationToken)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        foreach (var state in changes.ToList())
        {
            try
            {
                await StepAsync(state, cluster, cancellationToken);
            }
            catch (IOException e)
            {
                problems.Add($"{state.Change.Name}: {e.Message}");
            }
        }

        return problems.ToImmutable();
    }

    private static DateTimeOffset RevertAt(DateTimeOffset now, TimeSpan measuring) => now + Patience + CanaryMeasurement.Settling + measuring + RestartAllowance;

    private static TimeSpan WriteTime(Change change) => WriteAllowance * change.Nodes.Count();

    private static string NameOf(SysctlProposal proposal, DateTimeOffset at)
    {
        var target = proposal.Pod?.Name ?? proposal.Node;
        return $"{(target.Length > LongestTargetName ? target[..LongestTargetName] : target)}-{proposal.Writes[0].Sysctl.Split('.')[^1].Replace('_', '-')}-{at.ToUnixTimeSeconds()}";
    }

    /// <summary>Without the subjects at whose ends we changed something ourselves since then.</summary>
    private ImmutableArray<Objective> Untouched(ImmutableArray<Objective> controls, DateTimeOffset since)
    {
        var touched = journal.Changes.Where(state => (state.Phase == ChangePhase.Kept ? state.AppliedAt : state.Since) > since).Select(state => state.Change).ToList();
        return [.. controls.Where(control => !touched.Exists(change => change.Touches(control.Subject)))];
    }

    private async Task StepAsync(ChangeState state, ClusterSnapshot cluster, CancellationToken cancellationToken)
    {
        var left = state.Change.Reach.Nodes.RemoveAll(node => cluster.HasNode(node) && !IsAnother(node, state, cluster));
        state = state with { Change = state.Change with { Reach = state.Change.Reach.Without(left) } };
        var change = state.Change;
        if (change.Nodes.Any(cluster.UnreadableNodes.Contains))
        {
            // Whether it is wanted and whether it holds is not known; meanwhile the Tuner undoes at its end what was not verified.
            return;
        }

        var place = new ChangePlace(change, cluster);
        var withdrawn = Guard.Withdrawn(change, cluster.Policy.Spec);
        switch (state.Phase)
        {
            case ChangePhase.Planned when place.IsDesired:
                journal.Enter(ChangePhase.Written, change, "we ended just after it was written; taken up again");
                break;
            case ChangePhase.Planned:
                journal.Enter(ChangePhase.Abandoned, change, "we ended before it was written; nothing was changed");
                break;
            case ChangePhase.Written or ChangePhase.Applied or ChangePhase.Widening or ChangePhase.Widened or ChangePhase.Keeping or ChangePhase.Kept when place.Ended is { } ended:
                await LetGoAsync(state, ended, cancellationToken);
                break;
            case ChangePhase.Keeping when withdrawn is not null && !change.Reach.Joining.IsEmpty:
                journal.Enter(ChangePhase.Kept, change with { Reach = change.Reach.Without(place.NotJoined) }, $"granted no further: {withdrawn}");
                break;
            case ChangePhase.Written or ChangePhase.Applied or ChangePhase.Widening or ChangePhase.Widened or ChangePhase.Keeping when withdrawn is not null:
                await RevertAsync(change, $"no longer allowed: {withdrawn}", null, cancellationToken);
                break;
            case ChangePhase.Kept when cluster.Policy.Spec is { OnPause: PausedKept.Revert, Paused: { Count: > 0 } reasons }:
                await RevertAsync(change, $"the policy is paused and takes back what was kept: {string.Join("; ", reasons)}", null, cancellationToken);
                break;
            case ChangePhase.Kept when !change.Reach.IsGranted && change.Reach.Pods.IsEmpty && IsAnother(change.Node, state, cluster):
                journal.Enter(ChangePhase.Released, change, $"{change.Node} was made anew, and what was kept there went with it");
                break;
            case ChangePhase.Written or ChangePhase.Applied or ChangePhase.Widening or ChangePhase.Widened or ChangePhase.Keeping or ChangePhase.Kept when place.IsRemoved:
                await RevertAsync(change, "somebody removed it from the node's desired settings", null, cancellationToken);
                break;
            case ChangePhase.Written when place.Speaking is { State: SettingState.Applied }:
                journal.Enter(ChangePhase.Applied, change, $"in force in {change.Target}: {string.Join(", ", change.Writes.Select(write => $"{write.Sysctl} = {write.After}"))} (before: {string.Join(", ", change.Writes.Select(write => write.Before))}){Note(place)}");
                break;
            case ChangePhase.Written when cluster.At - state.Since > Patience:
                await RevertAsync(change, $"the Tuner of {change.Node} did not apply it in {Duration.Format(Patience)}{Note(place)}", null, cancellationToken);
                break;
            case ChangePhase.Applied:
                await JudgeAsync(state, cluster, cancellationToken);
                break;
            case ChangePhase.Widening:
                await FinishWideningAsync(state, place, cluster, cancellationToken);
                break;
            case ChangePhase.Widened:
                await WatchAsync(state, cluster, cancellationToken);
                break;
            case ChangePhase.Keeping:
                await KeepAsync(change, null, cancellationToken);
                break;
            case ChangePhase.Kept when withdrawn is null && place.NewNodes is { IsEmpty: false } added:
                var further = change with { Reach = change.Reach with { Nodes = [.. change.Reach.Nodes, .. added], Joining = added } };
                journal.Enter(ChangePhase.Keeping, further, $"{string.Join(", ", added)} joined: the workload is granted the same there");
                await KeepAsync(further, null, cancellationToken);
                break;
            case ChangePhase.Kept when !left.IsEmpty:
                journal.Enter(ChangePhase.Kept, change, $"{string.Join(", ", left)} left the cluster, or were made anew");
                break;
            case ChangePhase.Reverting:
                await FinishRevertingAsync(state, place, cluster.At, cancellationToken);
                break;
            default:
                // Ended, but killed before the setting was removed.
                if (state.HasEnded && place.IsDesired)
                {
                    await writer.RemoveAsync(change, cancellationToken);
                }

                break;
        }
    }

    /// <summary>Whether a node was made anew under its name since the change was kept: nothing of it is left there.</summary>
    private static bool IsAnother(string node, ChangeState state, ClusterSnapshot cluster) =>
        state.Phase == ChangePhase.Kept && cluster.IsMadeAfter(node, state.Since);

    private static string Note(ChangePlace place) => place.Speaking is { Message.Length: > 0 } status ? $"; the Tuner: {status.Message}" : "";

    private async Task JudgeAsync(ChangeState state, ClusterSnapshot cluster, CancellationToken cancellationToken)
    {
        var change = state.Change;
        var appliedAt = state.AppliedAt ?? state.Since;
        var measured = cluster.At - appliedAt - CanaryMeasurement.Settling;
        var verdict = await measurement.JudgeAsync(change, appliedAt, cluster.At, cancellationToken);
        // What needs somebody else's restart has no effect until that happens.
        var isWaiting = change.TakesEffect is SysctlEffect.NextListen or SysctlEffect.NewSockets or SysctlEffect.NewNamespaces;
        switch (verdict.Outcome)
        {
            case Outcome.Harmed:
                effects.Record(change, verdict, cluster.At);
                await RevertAsync(change, $"it harms: {verdict.Reason}", verdict.Effect, cancellationToken);
                break;
            case Outcome.Helped:
                effects.Record(change, verdict, cluster.At);
                await WidenAsync(change, cluster, $"verified on the canary, it helps: {verdict.Reason}", verdict.Effect, cancellationToken);
                break;
            case Outcome.NoEffect when measured >= change.JudgeAfter && !isWaiting:
            case var _ when measured >= change.JudgeAfter * LongestMeasuring:
                effects.Record(change, verdict, cluster.At);
                await RevertAsync(change, $"it does not help: {verdict.Reason}", verdict.Effect, cancellationToken);
                break;
            default:
                break;
        }
    }

    private async Task WidenAsync(Change change, ClusterSnapshot cluster, string reason, Effect? effect, CancellationToken cancellationToken)
    {
        var reach = Reach.After(change, cluster);
        var wider = change with { Reach = reach };

        // Each node is written with that end, and once more to take it away.
        wider = wider with { RevertAt = RevertAt(cluster.At, reach.IsLast ? change.Watch : change.JudgeAfter) + (2 * WriteTime(wider)) };
        journal.Enter(
            ChangePhase.Widening,
            wider,
            $"{reason}. {(reach == change.Reach with { IsLast = true } ? "Next" : $"Next, {reach}")}: watched for {Duration.Format(reach.IsLast ? change.Watch : change.JudgeAfter)}; undone by the Tuners at {wider.RevertAt:HH:mm:ss} unless kept",
            effect);
        await WriteWiderAsync(wider, cancellationToken);
    }

    /// <returns>Whether it was written: not where the policy has ceased to allow it since this step began; the next one sees it too, and takes it back.</returns>
    private async Task<bool> WriteWiderAsync(Change change, CancellationToken cancellationToken)
    {
        if (await writer.WithdrawnAsync(change, cancellationToken) is not null)
        {
            return false;
        }

        await writer.BeginAsync(change, cancellationToken);
        return true;
    }

    private async Task FinishWideningAsync(ChangeState state, ChangePlace place, ClusterSnapshot cluster, CancellationToken cancellationToken)
    {
        if (!place.IsWholeDesired)
        {
            // We ended between the journal and the last of the nodes, or a node refused: the Tuners' time begins with this write.
            if (await WriteWiderAsync(state.Change, cancellationToken))
            {
                journal.Enter(ChangePhase.Widening, state.Change, $"written for every Tuner by now: {state.Change.Reach}");
            }
        }
        else if (place.IsInForceSince(state.Since))
        {
            journal.Enter(ChangePhase.Widened, state.Change, $"in force in {(state.Change.Pod is null ? state.Change.Target : state.Change.Reach)}");
        }
        else if (cluster.At - state.Since > Patience + WriteTime(state.Change))
        {
            await RevertAsync(state.Change, $"not every Tuner applied it in {Duration.Format(Patience)}: {place.Missing}", null, cancellationToken);
        }
    }

    private async Task WatchAsync(ChangeState state, ClusterSnapshot cluster, CancellationToken cancellationToken)
    {
        var change = state.Change;
        var verdict = await measurement.JudgeStageAsync(change, state.Since, cluster.At, cancellationToken);
        var watched = cluster.At - state.Since - CanaryMeasurement.Settling;
        if (verdict.Outcome == Outcome.Harmed)
        {
            effects.Record(change, verdict, cluster.At);
            await RevertAsync(change, $"it harms, with {change.Reach}: {verdict.Reason}", verdict.Effect, cancellationToken);
            return;
        }

        if (watched < (change.Reach.IsLast ? change.Watch : change.JudgeAfter))
        {
            return;
        }

        if (verdict.Effect is null)
        {
            // Readings that come late are waited for as long as the Tuners let it hold; harm that nobody measured is no proof that there was none.
            if (cluster.At > change.RevertAt - Patience)
            {
                await RevertAsync(change, $"with {change.Reach}, nothing could be measured: {verdict.Reason}", null, cancellationToken);
            }
        }
        else if (change.Reach.IsLast)
        {
            journal.Enter(ChangePhase.Keeping, change, $"watched for {Duration.Format(change.Watch)} without harm: {verdict.Reason}", verdict.Effect);
            await KeepAsync(change, verdict.Effect, cancellationToken);
        }
        else
        {
            await WidenAsync(change, cluster, $"{change.Reach} without harm: {verdict.Reason}", verdict.Effect, cancellationToken);
        }
    }

    private async Task KeepAsync(Change change, Effect? effect, CancellationToken cancellationToken)
    {
        if (await writer.WithdrawnAsync(change, cancellationToken) is null)
        {
            await writer.KeepAsync(change, cancellationToken);
            journal.Enter(ChangePhase.Kept, change with { Reach = change.Reach with { Joining = [] } }, $"kept: {change}", effect);
        }
    }

    private Task RevertAsync(Change change, string reason, Effect? effect, CancellationToken cancellationToken)
    {
        journal.Enter(ChangePhase.Reverting, change, reason, effect);
        return writer.RemoveAsync(change, cancellationToken);
    }

    private async Task FinishRevertingAsync(ChangeState state, ChangePlace place, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (place.IsDesired)
        {
            await writer.RemoveAsync(state.Change, cancellationToken);
        }
        else if (place.IsHeldNowhere && place.Speaking is { } status)
        {
            await LetGoAsync(state, status, cancellationToken);
        }
        else if (place.Speaking is null && place.HaveAllLookedSince(state.Since))
        {
            journal.Enter(ChangePhase.RolledBack, state.Change, "the Tuner no longer holds it");
        }
        else if (now > state.Change.RevertAt + LongestSilence && now - place.OldestLook >= LongestSilence)
        {
            // Its node may be gone for good, and one open change stops all others.
            journal.Enter(
                ChangePhase.Released,
                state.Change,
                $"a Tuner of {string.Join(", ", state.Change.Nodes)} has said nothing for {Duration.Format(LongestSilence)}; if the node comes back, its Tuner puts back what held before by itself");
        }
    }

    /// <summary>The Tuner has ended it, whoever asked for that.</summary>
    private Task LetGoAsync(ChangeState state, SettingStatus status, CancellationToken cancellationToken)
    {
        var phase = status.State switch
        {
            SettingState.Refused when state.AppliedAt is null => ChangePhase.NotMade,
            SettingState.Refused or SettingState.Reverted => ChangePhase.RolledBack,
            _ => ChangePhase.Released,
        };
        journal.Enter(phase, state.Change, status.Message.Length > 0 ? status.Message : $"the Tuner reports {status.State}");
        return writer.RemoveAsync(state.Change, cancellationToken);
    }
}
