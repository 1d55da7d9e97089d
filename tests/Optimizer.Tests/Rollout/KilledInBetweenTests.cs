using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Journal;

namespace NetPulse.Optimizer.Tests.Rollout;

/// <summary>The optimizer is killed right after each single entry of its journal, and a new one takes up what the files hold.</summary>
public sealed class KilledInBetweenTests : IDisposable
{
    private readonly LoopRig rig = new();

    public void Dispose() => rig.Dispose();

    [Fact]
    public async Task Killed_before_the_setting_was_written_nothing_was_changed()
    {
        await rig.TroubleAsync();
        await RunAsync();
        rig.CutJournalBefore(ChangePhase.Written);
        await rig.Cluster.ReplaceSettingsAsync(Examples.Node, _ => [], "");

        rig.Restart();
        await RunAsync();
        Assert.Contains(rig.Journal.Changes, state => state.Phase == ChangePhase.Abandoned);
    }

    [Fact]
    public async Task Killed_after_the_setting_was_written_it_is_taken_up_again()
    {
        await rig.TroubleAsync();
        await RunAsync();
        rig.CutJournalBefore(ChangePhase.Written);

        rig.Restart();
        await RunAsync();
        Assert.Equal(ChangePhase.Written, rig.Change.Phase);
        Assert.Single(rig.Desired);
    }

    [Fact]
    public async Task Killed_while_it_is_measured_the_verdict_still_comes()
    {
        await rig.AppliedAsync();
        rig.Restart();
        await rig.SecondsAsync(25, 47, 6.3, 0.115, isLimited: true);
        await RunAsync();
        Assert.Equal(ChangePhase.Widening, rig.Change.Phase);
    }

    [Fact]
    public async Task Killed_before_the_workload_was_given_it_it_is_given_now_and_the_canary_keeps_its_value()
    {
        await rig.AppliedAsync();
        var canary = rig.Desired;
        await rig.SecondsAsync(18, 47, 6.3, 0.115, isLimited: true);
        await RunAsync();
        await rig.Cluster.ReplaceSettingsAsync(Examples.Node, _ => canary, "");

        rig.Restart();
        rig.TunerAnswers(rig.Status(SettingState.Applied));
        await RunAsync();
        Assert.Equal(ChangePhase.Widening, rig.Change.Phase);
        Assert.Equal("lab/archive", Assert.Single(rig.Desired).Workload?.ToString());

        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        rig.TunerAnswers(rig.Status(SettingState.Applied));
        await RunAsync();
        Assert.Equal(ChangePhase.Widened, rig.Change.Phase);
    }

    [Fact]
    public async Task Killed_while_the_whole_is_watched_it_is_kept_in_time()
    {
        await rig.WidenedAsync();
        rig.Restart();
        await rig.SecondsAsync(25, 47, 47, 0.115, isLimited: true);
        rig.TunerAnswers(rig.Status(SettingState.Applied));
        await RunAsync();
        Assert.Equal(ChangePhase.Kept, rig.Change.Phase);
    }

    [Fact]
    public async Task Killed_before_a_verified_change_lost_its_end_it_loses_it_now()
    {
        await rig.WidenedAsync();
        var bounded = rig.Desired;
        await rig.SecondsAsync(25, 47, 47, 0.115, isLimited: true);
        rig.TunerAnswers(rig.Status(SettingState.Applied));
        await RunAsync();
        rig.CutJournalBefore(ChangePhase.Kept);
        await rig.Cluster.ReplaceSettingsAsync(Examples.Node, _ => bounded, "");

        rig.Restart();
        await RunAsync();
        Assert.Equal(ChangePhase.Kept, rig.Change.Phase);
        Assert.Null(Assert.Single(rig.DesiredForFirst).RevertAt);
    }

    [Fact]
    public async Task Dead_for_so_long_that_the_Tuner_has_undone_it_the_journal_says_so()
    {
        await rig.AppliedAsync();
        rig.Restart();
        rig.TunerAnswers(rig.Status(SettingState.Reverted, "reverted at its time"));
        await RunAsync();
        Assert.Equal(ChangePhase.RolledBack, rig.Change.Phase);
        Assert.Empty(rig.DesiredForFirst);
    }

    [Fact]
    public async Task Killed_between_the_decision_to_revert_and_the_write_it_is_reverted_now()
    {
        await rig.AppliedAsync();
        var bounded = rig.Desired;
        await rig.SecondsAsync(25, 6.3, 6.3, 0.1, isLimited: true);
        await RunAsync();
        await rig.Cluster.ReplaceSettingsAsync(Examples.Node, _ => bounded, "");

        rig.Restart();
        await RunAsync();
        Assert.Empty(rig.DesiredForFirst);
        rig.TunerAnswers(rig.Status(SettingState.Reverted));
        await RunAsync();
        Assert.Equal(ChangePhase.RolledBack, rig.Change.Phase);
    }

    [Fact]
    public async Task Killed_before_a_refused_setting_was_removed_it_is_removed_now()
    {
        await rig.TroubleAsync();
        await RunAsync();
        var refused = rig.Desired;
        rig.TunerAnswers(rig.Status(SettingState.Refused, "read-only in this namespace"));
        await RunAsync();
        Assert.Equal(ChangePhase.NotMade, rig.Change.Phase);
        await rig.Cluster.ReplaceSettingsAsync(Examples.Node, _ => refused, "");

        rig.Restart();
        await RunAsync();
        Assert.Empty(rig.DesiredForFirst);
        Assert.Equal(ChangePhase.NotMade, rig.Change.Phase);
    }

    private Task RunAsync() => rig.Run.RunAsync(CancellationToken.None);
}
