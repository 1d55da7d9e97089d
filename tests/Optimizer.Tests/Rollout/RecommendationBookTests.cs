using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Journal;

namespace NetPulse.Optimizer.Tests.Rollout;

/// <summary>The story of a change as people read it in its recommendation.</summary>
public sealed class RecommendationBookTests : IDisposable
{
    private readonly LoopRig rig = new();

    public void Dispose() => rig.Dispose();

    [Fact]
    public async Task A_proposal_is_an_object_that_says_what_why_and_where_it_is()
    {
        await rig.TroubleAsync();
        await RunAsync();
        var recommendation = await OfFirstAsync();
        Assert.Equal(("Pod", "archive-0", "lab"), (recommendation.Spec!.Target.Kind, recommendation.Spec.Target.Name, recommendation.Metadata.Namespace));
        Assert.Equal(rig.Change.Change.Writes.Select(static write => (write.Sysctl, write.Before, write.After)), recommendation.Spec.Change.Sysctls.Select(static write => (write.Name, write.Before, write.After)));
        Assert.Equal((RecommendationPhase.Canary, ApprovalDecision.Pending), (recommendation.Status!.Phase, recommendation.Spec.Approval));
        Assert.Equal(rig.Change.Change.RevertAt, recommendation.Status.RevertAt);
        Assert.Equal(["Proposed", "Planned", "Written"], recommendation.Status.History.Select(static step => step.Action));
        Assert.NotEmpty(recommendation.Status.Evidence);
        Assert.Equal(recommendation.Metadata.Name, (await rig.Cluster.ReadAsync()).NodeTunings[Examples.Node].Metadata.Annotations[NetworkRecommendation.NameAnnotation]);
    }

    [Fact]
    public async Task A_change_that_helped_is_verified_and_one_that_did_not_is_rolled_back()
    {
        await rig.KeptAsync();
        var verified = await OfFirstAsync();
        Assert.Equal((RecommendationPhase.Verified, "True", null), (verified.Status!.Phase, verified.Status.Conditions.OfType("Verified")?.Status, verified.Status.RevertAt));

        rig.TunerAnswers(rig.Status(SettingState.Overridden, "somebody else has written another value"));
        await RunAsync();
        var released = await OfFirstAsync();
        Assert.Equal((RecommendationPhase.RolledBack, "False"), (released.Status!.Phase, released.Status.Conditions.OfType("Applied")?.Status));
        Assert.Contains("somebody else", released.Status.History[^1].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_rejected_is_neither_done_nor_proposed_again()
    {
        using var proposing = new LoopRig(Examples.Policy(OptimizationMode.Propose));
        await proposing.TroubleAsync();
        await proposing.Run.RunAsync(CancellationToken.None);
        var proposed = (await proposing.Cluster.ReadAsync()).Recommendations;
        Assert.All(proposed, static each => Assert.Equal(RecommendationPhase.Proposed, each.Status!.Phase));
        foreach (var each in proposed)
        {
            await proposing.Recommendations.ApplyAsync(each with { Spec = each.Spec! with { Approval = ApprovalDecision.Rejected } });
        }

        await proposing.SecondsAsync(2, 6.3, 6.3, 0.1, isLimited: true);
        await proposing.Run.RunAsync(CancellationToken.None);
        var after = (await proposing.Cluster.ReadAsync()).Recommendations;
        Assert.Equal(proposed.Length, after.Length);
        Assert.All(after, static each => Assert.Equal(RecommendationPhase.Rejected, each.Status!.Phase));
        Assert.All(after, static each => Assert.Equal(["Proposed", "Rejected"], each.Status!.History.Select(static step => step.Action)));
    }

    [Fact]
    public async Task A_value_that_people_made_larger_costs_as_much_more()
    {
        using var proposing = new LoopRig(Examples.Policy(OptimizationMode.Propose));
        await proposing.TroubleAsync();
        await proposing.Run.RunAsync(CancellationToken.None);
        var proposed = (await proposing.Cluster.ReadAsync()).Recommendations.First(static each => each.Spec!.Target.Name == "archive-0");
        var larger = proposed.Spec!.Change.Sysctls.Select(static each => each with { After = "4096 131072 8388608" }).ToList();
        await proposing.Recommendations.ApplyAsync(proposed with { Spec = proposed.Spec with { Approval = ApprovalDecision.Approved, Change = proposed.Spec.Change with { Sysctls = larger } } });
        await proposing.Run.RunAsync(CancellationToken.None);
        var proposal = proposing.Run.Latest.Proposals.Single(static each => each.Pod?.Name == "archive-0");
        Assert.Equal("4096 131072 8388608", proposal.Writes[0].After);
        Assert.InRange(proposal.MemoryCostBytes, 8388608 - 131072 - 1, 8388608 - 131072 + 1);
    }

    [Fact]
    public async Task What_nobody_decides_expires_and_goes_a_week_later()
    {
        using var proposing = new LoopRig(Examples.Policy(OptimizationMode.Propose));
        await proposing.TroubleAsync();
        await proposing.Run.RunAsync(CancellationToken.None);
        Assert.NotEmpty((await proposing.Cluster.ReadAsync()).Recommendations);
        proposing.Clock.Advance(TimeSpan.FromHours(25));
        await proposing.Run.RunAsync(CancellationToken.None);
        Assert.All((await proposing.Cluster.ReadAsync()).Recommendations, static each => Assert.Equal(RecommendationPhase.Expired, each.Status!.Phase));
        proposing.Clock.Advance(TimeSpan.FromDays(8));
        await proposing.Run.RunAsync(CancellationToken.None);
        Assert.Empty((await proposing.Cluster.ReadAsync()).Recommendations);
    }

    [Fact]
    public async Task Another_journal_goes_on_from_the_objects_alone()
    {
        await rig.AppliedAsync();
        var before = rig.Change;
        rig.LoseJournal();
        await rig.VerifiedAsync();
        await rig.WatchedAsync();
        Assert.Equal((before.Change.Name, ChangePhase.Kept, before.AppliedAt), (rig.Change.Change.Name, rig.Change.Phase, rig.Change.AppliedAt));
        Assert.Equal(RecommendationPhase.Verified, (await OfFirstAsync()).Status!.Phase);
    }

    [Fact]
    public async Task Two_groups_that_propose_the_same_write_two_objects()
    {
        using var ofZone = new LoopRig(group: "zone-a");
        foreach (var each in new[] { rig, ofZone })
        {
            await each.TroubleAsync();
            await each.Run.RunAsync(CancellationToken.None);
        }

        var (ours, theirs) = ((await rig.Cluster.ReadAsync()).Recommendations, (await ofZone.Cluster.ReadAsync()).Recommendations);
        Assert.Equal(ours.Select(static each => each.Spec!.Source.Fingerprint).Order(), theirs.Select(static each => each.Spec!.Source.Fingerprint).Order());
        Assert.Empty(ours.Select(static each => each.Metadata.Name).Intersect(theirs.Select(static each => each.Metadata.Name)));
        Assert.All(theirs, static each => Assert.Contains("-zone-a-", each.Metadata.Name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_broken_recommendation_is_a_problem_and_stops_no_other()
    {
        await rig.TroubleAsync();
        Directory.CreateDirectory(rig.RecommendationsDirectory);
        await File.WriteAllTextAsync(Path.Combine(rig.RecommendationsDirectory, "broken.yaml"), "kind: NetworkRecommendation\nspec: [");
        await RunAsync();
        Assert.NotEmpty(rig.Desired);
        Assert.Contains(rig.Run.Latest.Problems, static problem => problem.Contains("broken.yaml", StringComparison.Ordinal));
    }

    private async Task<NetworkRecommendation> OfFirstAsync() =>
        Assert.Single((await rig.Cluster.ReadAsync()).Recommendations, static each => each.Spec!.Target.Name == "archive-0");

    private Task RunAsync() => rig.Run.RunAsync(CancellationToken.None);
}
