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
        Assert.Equal(ChangePhase.Kept, rig.Change.Phase);
    }

    [Fact]
    public async Task Killed_before_a_verified_change_lost_its_end_it_loses_it_now()
    {
        await rig.AppliedAsync();
        var bounded = rig.Desired;
        await rig.SecondsAsync(25, 47, 6.3, 0.115, isLimited: true);
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
