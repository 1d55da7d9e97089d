using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Proposals;
using NetPulse.Optimizer.Verify;

namespace NetPulse.Optimizer.Rollout;

/// <summary>Takes each change from its plan to kept or rolled back, one step a run, and takes it up again where a kill left it.</summary>
/// <remarks>
/// Every step is journaled before it is taken and may be taken twice. What is decided here rests on the journal, the node's desired settings and the
/// Tuner's status alone, never on this process's memory.
/// </remarks>
public sealed class ChangeLifecycle(NodeTuningWriter writer, CanaryMeasurement measurement, ChangeJournal journal)
{
    /// <summary>A Tuner that has not applied a setting for this long is not waited for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Time after a change's end in which its Tuner must have said something, or its node counts as gone.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(10);

    /// <summary>Time beyond the verdict in which this process may be restarted before the Tuner undoes the change by itself.</summary>
    private static readonly TimeSpan RestartAllowance = TimeSpan.FromMinutes(1);

    /// <summary>More of it would make the setting's name longer than a DNS name.</summary>
    private const int LongestTargetName = 200;

    /// <summary>Journals the plan, then writes it for the node's Tuner.</summary>
    /// <exception cref="IOException">The journal could not be written: nothing was changed.</exception>
    public async Task BeginAsync(SysctlProposal proposal, ClusterSnapshot cluster, CancellationToken cancellationToken)
    {
        var judgeAfter = cluster.Policy.Spec.Canary.Duration;
        var change = new Change(
            NameOf(proposal, cluster.At),
            proposal.Finding.Cause,
            proposal.Node,
            proposal.Pod,
            proposal.Workload,
            proposal.Writes,
            proposal.Objective,
            Untouched(proposal.Controls, cluster.At - judgeAfter - (2 * CanaryMeasurement.Settling)),
            proposal.Finding.Measured.Onset,
            proposal.Expected,
            proposal.TakesEffect,
            cluster.At,
            judgeAfter,
            cluster.At + Patience + CanaryMeasurement.Settling + judgeAfter + RestartAllowance);
        journal.Enter(ChangePhase.Planned, change, $"planned as a canary: {change}; judged after {Duration.Format(judgeAfter)}; undone by the Tuner at {change.RevertAt:HH:mm:ss} unless kept");
        try
        {
            await writer.BeginAsync(change, cancellationToken);
        }
        catch (IOException e)
        {
            journal.Enter(ChangePhase.NotMade, change, $"it could not be written for the Tuner of {change.Node}, so nothing was changed: {e.Message}");
            return;
        }

        journal.Enter(ChangePhase.Written, change, $"written for the Tuner of {change.Node} as {change.Name}");
    }

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
        var change = state.Change;
        if (cluster.UnreadableNodes.Contains(change.Node))
        {
            // Whether it is wanted and whether it holds is not known; meanwhile the Tuner undoes at its end what was not verified.
            return;
        }

        var tuning = cluster.NodeTunings.GetValueOrDefault(change.Node);
        var names = change.SettingNames.ToHashSet(StringComparer.Ordinal);
        var isDesired = tuning?.Spec.Settings.Any(setting => names.Contains(setting.Name)) == true;
        // Of several settings the one that is furthest from being in force speaks for the change.
        var status = tuning?.Status?.Settings.Where(setting => names.Contains(setting.Name)).MaxBy(setting => setting.State != SettingState.Applied);

        switch (state.Phase)
        {
            case ChangePhase.Planned when isDesired:
                journal.Enter(ChangePhase.Written, change, "we ended just after it was written; taken up again");
                break;
            case ChangePhase.Planned:
                journal.Enter(ChangePhase.Abandoned, change, "we ended before it was written; nothing was changed");
                break;
            case ChangePhase.Written or ChangePhase.Applied or ChangePhase.Kept when status is { State: SettingState.Refused or SettingState.Overridden or SettingState.NamespaceGone or SettingState.Reverted }:
                await LetGoAsync(state, status, cancellationToken);
                break;
            case ChangePhase.Written or ChangePhase.Applied when Guard.Withdrawn(change, cluster.Policy.Spec) is { } reason:
                await RevertAsync(change, $"no longer allowed: {reason}", null, cancellationToken);
                break;
            case ChangePhase.Written or ChangePhase.Applied or ChangePhase.Kept when !isDesired && tuning is not null:
                await RevertAsync(change, "somebody removed it from the node's desired settings", null, cancellationToken);
                break;
            case ChangePhase.Written when status is { State: SettingState.Applied }:
                journal.Enter(ChangePhase.Applied, change, $"in force in {change.Target}: {string.Join(", ", change.Writes.Select(write => $"{write.Sysctl} = {write.After}"))} (before: {string.Join(", ", change.Writes.Select(write => write.Before))})");
                break;
            case ChangePhase.Written when cluster.At - state.Since > Patience:
                await RevertAsync(change, $"the Tuner of {change.Node} did not apply it in {Duration.Format(Patience)}{(status is null ? "" : $": {status.Message}")}", null, cancellationToken);
                break;
            case ChangePhase.Applied:
                await JudgeAsync(state, cluster, cancellationToken);
                break;
            case ChangePhase.Keeping:
                await KeepAsync(state, status, cancellationToken);
                break;
            case ChangePhase.Reverting:
                await FinishRevertingAsync(state, tuning, isDesired, status, cluster.At, cancellationToken);
                break;
            default:
                // Ended, but killed before the setting was removed.
                if (state.HasEnded && isDesired)
                {
                    await writer.RemoveAsync(change, cancellationToken);
                }

                break;
        }
    }

    private async Task JudgeAsync(ChangeState state, ClusterSnapshot cluster, CancellationToken cancellationToken)
    {
        var change = state.Change;
        var appliedAt = state.AppliedAt ?? state.Since;
        var due = cluster.At >= appliedAt + CanaryMeasurement.Settling + change.JudgeAfter;
        var verdict = await measurement.JudgeAsync(change, appliedAt, cluster.At, cancellationToken);
        if (verdict.Outcome == Outcome.Harmed)
        {
            await RevertAsync(change, $"it harms: {verdict.Reason}", verdict.Effect, cancellationToken);
        }
        else if (due && verdict.Outcome == Outcome.Helped)
        {
            journal.Enter(ChangePhase.Keeping, change, $"verified, it helps: {verdict.Reason}", verdict.Effect);
            await writer.KeepAsync(change, cancellationToken);
            journal.Enter(ChangePhase.Kept, change, $"kept: {change}", verdict.Effect);
        }
        else if (due)
        {
            await RevertAsync(change, $"it does not help: {verdict.Reason}", verdict.Effect, cancellationToken);
        }
    }

    private async Task KeepAsync(ChangeState state, SettingStatus? status, CancellationToken cancellationToken)
    {
        if (status is { State: SettingState.Reverted })
        {
            await LetGoAsync(state, status, cancellationToken);
            return;
        }

        await writer.KeepAsync(state.Change, cancellationToken);
        journal.Enter(ChangePhase.Kept, state.Change, $"kept: {state.Change}");
    }

    private Task RevertAsync(Change change, string reason, Effect? effect, CancellationToken cancellationToken)
    {
        journal.Enter(ChangePhase.Reverting, change, reason, effect);
        return writer.RemoveAsync(change, cancellationToken);
    }

    private async Task FinishRevertingAsync(ChangeState state, NodeTuning? tuning, bool isDesired, SettingStatus? status, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (isDesired)
        {
            await writer.RemoveAsync(state.Change, cancellationToken);
        }
        else if (status is { State: not (SettingState.Applied or SettingState.Failed) })
        {
            await LetGoAsync(state, status, cancellationToken);
        }
        else if (status is null && tuning?.Status?.ObservedAt > state.Since)
        {
            journal.Enter(ChangePhase.RolledBack, state.Change, "the Tuner no longer holds it");
        }
        else if (now > state.Change.RevertAt + LongestSilence && now - (tuning?.Status?.ObservedAt ?? DateTimeOffset.MinValue) >= LongestSilence)
        {
            // Its node may be gone for good, and one open change stops all others.
            journal.Enter(
                ChangePhase.Released,
                state.Change,
                $"the Tuner of {state.Change.Node} has said nothing for {Duration.Format(LongestSilence)}; if the node comes back, its Tuner puts back what held before by itself");
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
