using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Journal;

namespace NetPulse.Optimizer.Tests.Rollout;

/// <summary>From the verified canary to the whole workload.</summary>
public sealed class StagedRolloutTests : IDisposable
{
    private readonly LoopRig rig = new();

    public void Dispose() => rig.Dispose();

    [Fact]
    public async Task The_workload_is_granted_with_an_end_what_its_canary_proved()
    {
        await rig.WidenedAsync();
        Assert.Equal(ChangePhase.Widened, rig.Change.Phase);
        var grant = Assert.Single(rig.Desired);
        Assert.Equal(("lab/archive", null), (grant.Workload?.ToString(), grant.Pod));
        Assert.NotNull(grant.RevertAt);
        Assert.Equal(rig.Change.Change.Name, grant.Name);
    }

    [Fact]
    public async Task A_quarter_comes_before_all()
    {
        Enumerable.Range(2, 6).ToList().ForEach(number => rig.AddPod($"archive-{number}"));
        await rig.AppliedAsync();
        await rig.SecondsAsync(18, 47, 6.3, 0.115, isLimited: true);
        await RunAsync();

        Assert.Equal(["lab/archive-0", "lab/archive-1"], rig.Desired.Select(setting => setting.Pod?.ToString()));
        Assert.Equal($"{rig.Change.Change.Name}.1", rig.Desired[1].Name);
        await AnswerAsync();
        Assert.Equal(ChangePhase.Widened, rig.Change.Phase);

        await rig.SecondsAsync(22, 47, 47, 0.115, isLimited: true);
        await RunAsync();
        Assert.Equal("lab/archive", Assert.Single(rig.Desired).Workload?.ToString());
    }

    [Fact]
    public async Task Somebody_elses_value_in_a_pod_of_a_stage_ends_it()
    {
        Enumerable.Range(2, 6).ToList().ForEach(number => rig.AddPod($"archive-{number}"));
        await rig.AppliedAsync();
        await rig.SecondsAsync(18, 47, 6.3, 0.115, isLimited: true);
        await RunAsync();
        rig.TunerAnswers(rig.Status(SettingState.Applied), rig.Status(SettingState.Overridden, "somebody else has written 1") with { Name = $"{rig.Change.Change.Name}.1" });
        await RunAsync();
        Assert.Equal(ChangePhase.Released, rig.Change.Phase);
        Assert.Empty(rig.DesiredForFirst);
    }

    [Fact]
    public async Task Harm_at_a_later_stage_takes_all_of_it_back()
    {
        await rig.WidenedAsync();
        await rig.SecondsAsync(15, 47, 1, 0.115, isLimited: true);
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        Assert.Contains("lab/archive-1", rig.Journal.Latest.Last(entry => entry.Kind == EntryKind.Change).Text, StringComparison.Ordinal);
        Assert.Empty(rig.Desired);
    }

    [Fact]
    public async Task A_stage_that_a_Tuner_does_not_apply_takes_all_of_it_back()
    {
        rig.AddPod("archive-2");
        rig.AddPod("archive-3");
        rig.AddPod("archive-4");
        await rig.AppliedAsync();
        await rig.SecondsAsync(18, 47, 6.3, 0.115, isLimited: true);
        await RunAsync();
        await rig.SecondsAsync(16, 47, 6.3, 0.115, isLimited: true);
        rig.TunerAnswers(rig.Status(SettingState.Applied), rig.Status(SettingState.Failed, "it cannot be written") with { Name = $"{rig.Change.Change.Name}.1" });
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        Assert.Contains("it cannot be written", rig.Journal.Latest.Last(entry => entry.Kind == EntryKind.Change).Text, StringComparison.Ordinal);
        Assert.Empty(rig.Desired);
    }

    [Fact]
    public async Task A_node_that_joins_later_is_given_what_the_workload_was_granted()
    {
        await rig.KeptAsync();
        rig.AddNode("node-2");
        await RunAsync();
        Assert.Equal(ChangePhase.Kept, rig.Change.Phase);
        var setting = Assert.Single(rig.Cluster.ReadSpec("node-2").Settings);
        Assert.Equal(("lab/archive", null), (setting.Workload?.ToString(), setting.RevertAt));
    }

    [Fact]
    public async Task A_node_that_joins_during_a_pause_is_given_it_afterwards()
    {
        await rig.KeptAsync();
        rig.Pause();
        rig.AddNode("node-2");
        await RunAsync();
        Assert.Equal(ChangePhase.Kept, rig.Change.Phase);
        Assert.Empty(rig.Cluster.ReadSpec("node-2").Settings);

        ObjectFile.Write(rig.PolicyFile, Examples.Policy());
        await RunAsync();
        Assert.Single(rig.Cluster.ReadSpec("node-2").Settings);
    }

    [Fact]
    public async Task A_pause_while_nodes_are_joining_grants_it_no_further_and_keeps_it_elsewhere()
    {
        await rig.KeptAsync();
        rig.AddNode("node-2");
        rig.AddNode("node-3");
        Directory.CreateDirectory(rig.SpecFileOf("node-3") + ".new");
        await RunAsync();
        Assert.Equal(ChangePhase.Keeping, rig.Change.Phase);

        Directory.Delete(rig.SpecFileOf("node-3") + ".new");
        rig.Pause();
        await RunAsync();
        Assert.Equal((ChangePhase.Kept, "node-1 node-2"), (rig.Change.Phase, string.Join(' ', rig.Change.Change.Reach.Nodes)));
        Assert.Empty(rig.Cluster.ReadSpec("node-3").Settings);

        ObjectFile.Write(rig.PolicyFile, Examples.Policy());
        await RunAsync();
        Assert.Single(rig.Cluster.ReadSpec("node-3").Settings);
        Assert.Empty(rig.Change.Change.Reach.Joining);
    }

    [Fact]
    public async Task What_somebody_removed_on_a_node_does_not_come_back_when_another_joins()
    {
        await rig.KeptAsync();
        rig.AddNode("node-2");
        await RunAsync();
        await rig.Cluster.ReplaceSettingsAsync("node-2", static _ => [], "");
        rig.AddNode("node-3");
        await RunAsync();
        Assert.Empty(rig.Cluster.ReadSpec("node-2").Settings);
        Assert.Single(rig.Cluster.ReadSpec("node-3").Settings);
    }

    [Fact]
    public async Task A_node_that_left_is_forgotten_and_nothing_is_made_for_it()
    {
        await rig.KeptAsync();
        rig.AddNode("node-2");
        await RunAsync();
        File.Delete(rig.SpecFileOf("node-2"));
        var cluster = await rig.Cluster.ReadAsync() with { Nodes = [new ObjectMeta { Name = Examples.Node }] };
        await rig.Lifecycle.StepAllAsync(rig.Journal.Changes, cluster, CancellationToken.None);
        Assert.Equal((ChangePhase.Kept, Examples.Node), (rig.Change.Phase, Assert.Single(rig.Change.Change.Reach.Nodes)));

        rig.Pause(PausedKept.Revert);
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        Assert.False(File.Exists(rig.SpecFileOf("node-2")));
    }

    [Fact]
    public async Task A_node_that_refuses_keeps_no_other_from_being_taken_back()
    {
        await rig.KeptAsync();
        rig.AddNode("node-2");
        rig.AddNode("node-3");
        await RunAsync();
        Assert.All(new[] { "node-2", "node-3" }, node => Assert.Single(rig.Cluster.ReadSpec(node).Settings));
        Directory.CreateDirectory($"{rig.SpecFile}.new");
        rig.Pause(PausedKept.Revert);
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        Assert.Single(rig.Desired);
        Assert.All(new[] { "node-2", "node-3" }, node => Assert.Empty(rig.Cluster.ReadSpec(node).Settings));

        Directory.Delete($"{rig.SpecFile}.new");
        await RunAsync();
        Assert.Empty(rig.Desired);
    }

    [Fact]
    public async Task The_Tuners_time_begins_with_the_last_of_the_writes()
    {
        await rig.AppliedAsync();
        await rig.SecondsAsync(18, 47, 6.3, 0.115, isLimited: true);
        rig.AddNode("node-2");
        Directory.CreateDirectory($"{rig.SpecFileOf("node-2")}.new");
        await RunAsync();
        Assert.Equal(ChangePhase.Widening, rig.Change.Phase);

        rig.Clock.Advance(TimeSpan.FromSeconds(20));
        Directory.Delete($"{rig.SpecFileOf("node-2")}.new");
        rig.TunerAnswers(rig.Status(SettingState.Applied));
        await RunAsync();
        Assert.Single(rig.Cluster.ReadSpec("node-2").Settings);
        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        await RunAsync();
        Assert.Equal(ChangePhase.Widening, rig.Change.Phase);
    }

    [Fact]
    public async Task The_end_of_a_grant_leaves_each_node_the_time_of_its_writes()
    {
        Assert.True(await LeftAsync(101) - await LeftAsync(1) >= TimeSpan.FromSeconds(1));

        static async Task<TimeSpan> LeftAsync(int nodes)
        {
            using var granting = new LoopRig();
            await granting.AppliedAsync();
            await granting.SecondsAsync(18, 47, 6.3, 0.115, isLimited: true);
            Enumerable.Range(2, nodes - 1).ToList().ForEach(number => granting.AddNode($"node-{number}"));
            await granting.Run.RunAsync(CancellationToken.None);
            Assert.Equal((ChangePhase.Widening, nodes), (granting.Change.Phase, granting.Change.Change.Nodes.Count()));
            return granting.Change.Change.RevertAt - granting.Change.Since;
        }
    }

    /// <summary>A Tuner whose status says nothing new writes it once a minute only: what it looked at counts, not when.</summary>
    [Fact]
    public async Task A_Tuner_has_seen_what_its_generation_says()
    {
        await rig.AppliedAsync();
        await rig.SecondsAsync(18, 47, 6.3, 0.115, isLimited: true);
        await RunAsync();
        await StepAsync(observed: 1);
        Assert.Equal(ChangePhase.Widening, rig.Change.Phase);
        await StepAsync(observed: 2);
        Assert.Equal(ChangePhase.Widened, rig.Change.Phase);

        async Task StepAsync(long observed)
        {
            var cluster = await rig.Cluster.ReadAsync();
            var tuning = cluster.NodeTunings[Examples.Node];
            var answered = tuning with
            {
                Metadata = tuning.Metadata with { Generation = 2 },
                Status = tuning.Status! with { ObservedAt = rig.Change.Since - TimeSpan.FromSeconds(30), ObservedGeneration = observed, Settings = [rig.Status(SettingState.Applied)] },
            };
            await rig.Lifecycle.StepAllAsync([rig.Change], cluster with { NodeTunings = cluster.NodeTunings.SetItem(Examples.Node, answered) }, CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_node_that_was_made_anew_under_its_name_joins_and_the_others_keep_it()
    {
        await rig.KeptAsync();
        rig.AddNode("node-2");
        await RunAsync();
        await StepAnewAsync(rig);
        Assert.Equal((ChangePhase.Kept, "node-1 node-2"), (rig.Change.Phase, string.Join(' ', rig.Change.Change.Reach.Nodes.Order(StringComparer.Ordinal))));
        Assert.Equal("lab/archive", Assert.Single(rig.Desired).Workload?.ToString());
        Assert.Single(rig.Cluster.ReadSpec("node-2").Settings);
    }

    [Fact]
    public async Task A_node_that_was_made_anew_took_what_only_it_had_which_is_no_failure()
    {
        using var alone = new LoopRig(Examples.Policy() with { Spec = Examples.Policy().Spec with { Canary = new CanarySpec { Duration = TimeSpan.FromSeconds(15), Stages = [] } } });
        await alone.KeptAsync();
        await StepAnewAsync(alone);
        Assert.Equal(ChangePhase.Released, alone.Change.Phase);
    }

    [Fact]
    public async Task A_NodeTuning_that_somebody_deleted_is_no_new_node_and_the_grant_is_taken_back()
    {
        await rig.KeptAsync();
        rig.AddNode("node-2");
        await RunAsync();
        await StepAnewAsync(rig, isNodeNew: false);
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
    }

    /// <summary>The canary's node goes and comes again, with a Tuner that has been asked for nothing, between two looks.</summary>
    private static async Task StepAnewAsync(LoopRig rig, bool isNodeNew = true)
    {
        await rig.Cluster.ReplaceSettingsAsync(Examples.Node, static _ => [], "");
        rig.Clock.Advance(TimeSpan.FromSeconds(10));
        rig.TunerAnswers();
        var cluster = await rig.Cluster.ReadAsync();
        var tuning = cluster.NodeTunings[Examples.Node];
        var anew = tuning with { Metadata = tuning.Metadata with { CreationTimestamp = rig.Change.Since + TimeSpan.FromSeconds(5) } };
        await rig.Lifecycle.StepAllAsync(
            [rig.Change],
            cluster with
            {
                NodeTunings = cluster.NodeTunings.SetItem(Examples.Node, anew),
                Nodes = [.. cluster.NodeTunings.Keys.Select(name => new ObjectMeta { Name = name, CreationTimestamp = name == Examples.Node && isNodeNew ? anew.Metadata.CreationTimestamp : DateTimeOffset.UnixEpoch })],
            },
            CancellationToken.None);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_could_not_be_written_to_be_kept_is_taken_back_once_nobody_wants_it(bool isPaused)
    {
        await rig.WidenedAsync();
        Directory.CreateDirectory($"{rig.SpecFile}.new");
        await rig.WatchedAsync();
        Assert.Equal(ChangePhase.Keeping, rig.Change.Phase);

        Directory.Delete($"{rig.SpecFile}.new");
        if (isPaused)
        {
            rig.Pause();
        }
        else
        {
            await rig.Cluster.ReplaceSettingsAsync(Examples.Node, static _ => [], "");
        }

        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        Assert.Empty(rig.DesiredForFirst);
    }

    [Fact]
    public async Task A_pause_that_comes_during_a_step_is_heard_before_its_write()
    {
        await rig.WidenedAsync();
        var change = rig.Change.Change;
        Assert.Null(await rig.Lifecycle.RefusalAsync(change, CancellationToken.None));
        await rig.SecondsAsync(25, 47, 47, 0.115, isLimited: true);
        rig.TunerAnswers(rig.Status(SettingState.Applied));
        var before = await rig.Cluster.ReadAsync();
        rig.Pause();
        await rig.Lifecycle.StepAllAsync([rig.Change], before, CancellationToken.None);
        Assert.NotNull(Assert.Single(rig.Desired).RevertAt);
        Assert.Contains("incident 42", await rig.Lifecycle.RefusalAsync(change, CancellationToken.None), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_nothing_was_measured_of_is_not_kept()
    {
        await rig.WidenedAsync();
        rig.Clock.Advance(TimeSpan.FromSeconds(25));
        rig.TunerAnswers(rig.Status(SettingState.Applied));
        await RunAsync();
        Assert.Equal(ChangePhase.Widened, rig.Change.Phase);

        rig.Clock.Advance(rig.Change.Change.RevertAt - rig.Clock.GetUtcNow() - TimeSpan.FromSeconds(10));
        rig.TunerAnswers(rig.Status(SettingState.Applied));
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        Assert.Contains("nothing could be measured", rig.Journal.Latest.Last(entry => entry.Kind == EntryKind.Change).Text, StringComparison.Ordinal);
        Assert.Empty(rig.DesiredForFirst);
    }

    [Theory]
    [InlineData(PausedKept.Keep, ChangePhase.Kept)]
    [InlineData(PausedKept.Revert, ChangePhase.Reverting)]
    public async Task A_pause_takes_back_what_was_kept_only_where_the_policy_says_so(PausedKept onPause, ChangePhase phase)
    {
        await rig.KeptAsync();
        rig.Pause(onPause);
        await RunAsync();
        Assert.Equal(phase, rig.Change.Phase);
        Assert.Equal(onPause == PausedKept.Keep, rig.Desired.Count > 0);
    }

    [Fact]
    public async Task A_policy_without_stages_keeps_it_on_the_canary_alone()
    {
        using var alone = new LoopRig(Examples.Policy() with { Spec = Examples.Policy().Spec with { Canary = new CanarySpec { Duration = TimeSpan.FromSeconds(15), Stages = [] } } });
        await alone.KeptAsync();
        Assert.Equal(ChangePhase.Kept, alone.Change.Phase);
        Assert.Equal("lab/archive-0", Assert.Single(alone.DesiredForFirst).Pod?.ToString());
    }

    [Fact]
    public async Task The_end_of_a_healed_trouble_is_told_as_no_new_one()
    {
        await rig.KeptAsync();
        await RunAsync();
        Assert.DoesNotContain(rig.Journal.Latest.SkipWhile(entry => entry.Phase != ChangePhase.Kept), entry => entry.Kind == EntryKind.Finding);
    }

    [Fact]
    public async Task What_it_did_is_expected_of_the_next_change()
    {
        await rig.KeptAsync();
        var learned = Assert.Single(rig.Effects.All);
        Assert.Equal((1, 0), (learned.Helped, learned.Failures));
        Assert.InRange(learned.MedianGain, 7, 8);
    }

    private async Task AnswerAsync()
    {
        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        rig.TunerAnswers([.. rig.Desired.Select(setting => rig.Status(SettingState.Applied) with { Name = setting.Name })]);
        await RunAsync();
    }

    private Task RunAsync() => rig.Run.RunAsync(CancellationToken.None);
}
