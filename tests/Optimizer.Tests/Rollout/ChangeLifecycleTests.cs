using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Journal;

namespace NetPulse.Optimizer.Tests.Rollout;

public sealed class ChangeLifecycleTests : IDisposable
{
    private readonly LoopRig rig = new();

    public void Dispose() => rig.Dispose();

    [Fact]
    public async Task Trouble_is_found_explained_proposed_and_written_for_one_pod_with_an_end()
    {
        await rig.TroubleAsync();
        await RunAsync();

        var setting = Assert.Single(rig.Desired);
        Assert.Equal("lab/archive-0", setting.Pod?.ToString());
        Assert.Equal("net.ipv4.tcp_rmem", setting.Sysctl);
        Assert.StartsWith("4096 131072 11", setting.Value, StringComparison.Ordinal);
        Assert.Equal(rig.Change.Change.RevertAt, setting.RevertAt);
        Assert.Equal(
            [EntryKind.Incident, EntryKind.Finding, EntryKind.Finding, EntryKind.Proposal, EntryKind.Decision, EntryKind.Change, EntryKind.Change, EntryKind.Proposal, EntryKind.Decision],
            rig.Journal.Latest.Select(entry => entry.Kind));
        Assert.Equal([ChangePhase.Planned, ChangePhase.Written], Phases());
    }

    [Fact]
    public async Task A_change_that_helps_is_kept_without_an_end_and_told_with_its_figures()
    {
        await rig.AppliedAsync();
        await rig.SecondsAsync(25, 47, 6.3, 0.115, isLimited: true);
        await RunAsync();

        Assert.Equal(ChangePhase.Kept, rig.Change.Phase);
        Assert.Null(Assert.Single(rig.DesiredForFirst).RevertAt);
        var verified = rig.Journal.Latest.Single(entry => entry.Phase == ChangePhase.Keeping);
        Assert.InRange(verified.Effect!.Ratio, 7, 8);
        Assert.Contains("untouched control lab/archive-1", verified.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_is_not_judged_before_its_time()
    {
        await rig.AppliedAsync();
        await rig.SecondsAsync(14, 47, 6.3, 0.115, isLimited: true);
        await RunAsync();
        Assert.Equal(ChangePhase.Applied, rig.Change.Phase);
    }

    [Fact]
    public async Task A_change_without_effect_is_rolled_back()
    {
        await rig.AppliedAsync();
        await rig.SecondsAsync(25, 6.3, 6.3, 0.1, isLimited: true);
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        Assert.Empty(rig.DesiredForFirst);

        rig.TunerAnswers(rig.Status(SettingState.Reverted));
        await RunAsync();
        Assert.Equal(ChangePhase.RolledBack, rig.Change.Phase);
    }

    [Fact]
    public async Task A_gain_that_the_control_has_too_is_not_the_changes_doing()
    {
        await rig.AppliedAsync();
        await rig.SecondsAsync(25, 30, 30, 0.1, isLimited: true);
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
    }

    [Fact]
    public async Task A_change_that_harms_is_rolled_back_before_its_time()
    {
        await rig.AppliedAsync();
        await rig.SecondsAsync(18, 2, 6.3, 0.1, isLimited: true);
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        Assert.Contains("it harms", rig.Journal.Latest[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_throughput_for_a_doubled_round_trip_is_harm()
    {
        await rig.AppliedAsync();
        await rig.SecondsAsync(18, 47, 6.3, 0.21, isLimited: true);
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
    }

    [Fact]
    public async Task What_the_Tuner_refuses_is_taken_back_with_its_reason()
    {
        await rig.TroubleAsync();
        await RunAsync();
        rig.TunerAnswers(rig.Status(SettingState.Refused, "read-only in this namespace"));
        await RunAsync();
        Assert.Equal(ChangePhase.NotMade, rig.Change.Phase);
        Assert.Equal("read-only in this namespace", rig.Journal.Latest.Last(entry => entry.Kind == EntryKind.Change).Text);
        Assert.Empty(rig.DesiredForFirst);
    }

    [Theory]
    [InlineData(SettingState.Overridden)]
    [InlineData(SettingState.NamespaceGone)]
    public async Task What_is_no_longer_ours_is_let_go(SettingState state)
    {
        await rig.AppliedAsync();
        rig.TunerAnswers(rig.Status(state));
        await RunAsync();
        Assert.Equal(ChangePhase.Released, rig.Change.Phase);
        Assert.Empty(rig.DesiredForFirst);
    }

    [Fact]
    public async Task A_Tuner_that_does_not_answer_is_not_waited_for()
    {
        await rig.TroubleAsync();
        await RunAsync();
        await rig.SecondsAsync(16, 6.3, 6.3, 0.1, isLimited: true);
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        rig.Clock.Advance(TimeSpan.FromSeconds(1));
        rig.TunerAnswers();
        await RunAsync();
        Assert.Equal(ChangePhase.RolledBack, rig.Change.Phase);
    }

    [Fact]
    public async Task A_node_that_is_gone_does_not_stop_all_other_changes_for_ever()
    {
        await rig.AppliedAsync();
        await rig.SecondsAsync(25, 6.3, 6.3, 0.1, isLimited: true);
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);

        rig.Clock.Advance(rig.Change.Change.RevertAt - rig.Clock.GetUtcNow() + TimeSpan.FromMinutes(9));
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        rig.Clock.Advance(TimeSpan.FromMinutes(2));
        await RunAsync();
        Assert.Equal(ChangePhase.Released, rig.Change.Phase);
    }

    [Fact]
    public async Task A_pause_takes_an_open_change_back()
    {
        await rig.AppliedAsync();
        Kubernetes.Files.ObjectFile.Write(rig.PolicyFile, Examples.Policy() with { Spec = Examples.Policy().Spec with { Paused = ["incident 42"] } });
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        Assert.Contains("incident 42", rig.Journal.Latest.Last(entry => entry.Kind == EntryKind.Change).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_that_no_longer_allows_it_takes_an_open_change_back()
    {
        await rig.AppliedAsync();
        Kubernetes.Files.ObjectFile.Write(rig.PolicyFile, Examples.Policy(OptimizationMode.Observe));
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        Assert.Contains("mode is Observe", rig.Journal.Latest.Last(entry => entry.Kind == EntryKind.Change).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_that_breaks_takes_an_open_change_back()
    {
        await rig.AppliedAsync();
        await File.WriteAllTextAsync(rig.PolicyFile, "spec: [");
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        Assert.Empty(rig.DesiredForFirst);
    }

    [Fact]
    public async Task Settings_that_cannot_be_read_decide_nothing()
    {
        await rig.AppliedAsync();
        var settings = await File.ReadAllTextAsync(rig.SpecFile);
        await File.WriteAllTextAsync(rig.SpecFile, "spec: [");
        await RunAsync();
        await RunAsync();
        Assert.Equal(ChangePhase.Applied, rig.Change.Phase);
        Assert.Single(rig.Journal.Latest, entry => entry.Kind == EntryKind.Problem);

        await File.WriteAllTextAsync(rig.SpecFile, settings);
        await rig.SecondsAsync(25, 47, 6.3, 0.115, isLimited: true);
        await RunAsync();
        Assert.Equal(ChangePhase.Kept, rig.Change.Phase);
    }

    [Fact]
    public async Task What_cannot_be_written_is_not_made_and_not_tried_again_at_once()
    {
        await rig.TroubleAsync();
        Directory.CreateDirectory($"{rig.SpecFile}.new");
        await RunAsync();
        await RunAsync();
        Assert.Equal([ChangePhase.Planned, ChangePhase.NotMade], Phases());
        Assert.Equal(2, rig.Run.Latest.Findings.Length);
    }

    [Fact]
    public async Task What_the_Tuner_refuses_after_it_was_in_force_was_rolled_back()
    {
        await rig.AppliedAsync();
        rig.TunerAnswers(rig.Status(SettingState.Refused, "there is no pod lab/archive-0; what held before is back"));
        await RunAsync();
        Assert.Equal(ChangePhase.RolledBack, rig.Change.Phase);
    }

    [Fact]
    public async Task A_control_that_falls_silent_is_no_gain()
    {
        await rig.AppliedAsync();
        await rig.SecondsAsync(25, 6.3, 0, 0.1, isLimited: true);
        await RunAsync();
        Assert.Equal(ChangePhase.Reverting, rig.Change.Phase);
        Assert.Contains("without a control", rig.Journal.Latest.Last(entry => entry.Kind == EntryKind.Change).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pod_that_we_changed_ourselves_a_moment_ago_is_no_control()
    {
        await rig.AppliedAsync();
        Assert.Single(rig.Change.Change.Controls);
        await rig.SecondsAsync(22, 47, 6.3, 0.115, isLimited: true);
        rig.TunerAnswers(rig.Status(SettingState.Applied));
        await RunAsync();
        var second = rig.Journal.Changes.Last().Change;
        Assert.Equal("archive-1", second.Pod?.Name);
        Assert.Empty(second.Controls);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public async Task A_reading_that_is_no_number_stops_nothing(double value)
    {
        await rig.TroubleAsync();
        await rig.StaleAsync(value);
        await RunAsync();
        Assert.Equal(2, rig.Run.Latest.Findings.Length);
        Assert.All(rig.Run.Latest.Traffic, edge => Assert.Equal(100, edge.LatestRoundTripTime.TotalMilliseconds));
    }

    [Fact]
    public async Task An_open_change_is_judged_between_two_runs_too()
    {
        await rig.AppliedAsync();
        await rig.SecondsAsync(25, 47, 6.3, 0.115, isLimited: true);
        await rig.Run.FollowAsync(CancellationToken.None);
        Assert.Equal(ChangePhase.Kept, rig.Change.Phase);
    }

    [Fact]
    public async Task A_second_sender_of_the_same_edge_stops_nothing()
    {
        await rig.SecondsAsync(3, 45, 45, 0.011, isLimited: false);
        await rig.SecondSenderAsync();
        await rig.TroubleAsync();
        await RunAsync();
        Assert.Equal(2, rig.Run.Latest.Traffic.Length);
        Assert.Equal(2, rig.Run.Latest.Findings.Length);
    }

    [Fact]
    public async Task A_slow_reader_is_named_and_nothing_is_proposed()
    {
        await rig.SecondsAsync(30, 45, 45, 0.011, isLimited: false);
        await rig.SecondsAsync(6, 6.3, 6.3, 0.1, isLimited: true, unreadBytes: 120_000);
        await RunAsync();
        Assert.All(rig.Run.Latest.Findings, finding => Assert.Equal(Cause.SlowReader, finding.Cause));
        Assert.Equal(2, rig.Run.Latest.Findings.Length);
        Assert.Empty(rig.Run.Latest.Proposals);
        Assert.Empty(rig.DesiredForFirst);
    }

    [Fact]
    public async Task A_policy_that_breaks_while_we_run_stops_changes_and_is_named_once()
    {
        await rig.TroubleAsync();
        await File.WriteAllTextAsync(rig.PolicyFile, "apiVersion: netpulse.io/v1alpha1\nkind: OptimizationPolicy\nmetadata: {name: lab}\nspec:\n  mode: Sometimes\n");
        await RunAsync();
        await RunAsync();
        Assert.Empty(rig.DesiredForFirst);
        var problem = Assert.Single(rig.Journal.Latest, entry => entry.Kind == EntryKind.Problem);
        Assert.Contains("policy.yaml:5: spec.mode", problem.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OptimizationMode.Observe)]
    [InlineData(OptimizationMode.Propose)]
    public async Task Without_the_mode_Apply_nothing_is_written(OptimizationMode mode)
    {
        using var observing = new LoopRig(Examples.Policy(mode));
        await observing.TroubleAsync();
        await observing.Run.RunAsync(CancellationToken.None);
        Assert.Empty(observing.Desired);
        Assert.Empty(observing.Journal.Changes);
        Assert.Equal(2, observing.Run.Latest.Findings.Length);
        Assert.Equal(mode == OptimizationMode.Propose ? 2 : 0, observing.Run.Latest.Proposals.Length);
    }

    private Task RunAsync() => rig.Run.RunAsync(CancellationToken.None);

    private ChangePhase[] Phases() => [.. rig.Journal.Latest.Select(entry => entry.Phase).OfType<ChangePhase>()];
}
