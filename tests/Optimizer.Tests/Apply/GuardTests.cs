using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Proposals;

namespace NetPulse.Optimizer.Tests.Apply;

public sealed class GuardTests
{
    private static readonly SysctlProposal Proposal = RemedySearch.For([Examples.WindowFinding()], [], Examples.Cluster())[0];

    [Fact]
    public void What_the_policy_allows_passes_and_the_rule_is_told()
    {
        var decision = Guard.Decide(Proposal, Examples.Cluster(), []);
        Assert.True(decision.Allowed, decision.Reason);
        Assert.Contains("policy lab", decision.Reason, StringComparison.Ordinal);
        Assert.Contains("namespace lab", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_that_says_nothing_lets_nothing_pass() =>
        Stops("mode", Examples.Cluster(new OptimizationPolicy { Metadata = new ObjectMeta { Name = "default" } }));

    [Theory]
    [InlineData(OptimizationMode.Observe)]
    [InlineData(OptimizationMode.Propose)]
    public void Only_the_mode_Apply_lets_a_change_pass(OptimizationMode mode) => Stops("mode", Examples.Cluster(Examples.Policy(mode)));

    [Fact]
    public void A_pause_comes_before_everything() => Stops("paused", With(spec => spec with { Mode = OptimizationMode.Observe, Paused = ["incident 42"] }));

    [Fact]
    public void A_protected_namespace_is_never_changed() => Stops("protected namespace", With(spec => spec with { ProtectedNamespaces = ["lab"] }));

    [Fact]
    public void A_namespace_that_is_not_named_is_not_changed() => Stops("namespace", With(spec => spec with { Namespaces = ["shop"] }));

    [Fact]
    public void A_sysctl_that_is_not_named_is_not_changed() => Stops("sysctl", With(spec => spec with { Sysctls = [] }));

    [Fact]
    public void A_value_above_the_policys_maximum_is_not_written() =>
        Stops("maximum", With(spec => spec with { Sysctls = [new AllowedSysctl { Name = "net.ipv4.tcp_rmem", Maximum = 200_000 }] }));

    [Fact]
    public void One_change_at_a_time() => Stops("one at a time", Examples.Cluster(), Earlier("archive-1", 10, isOpen: true));

    [Fact]
    public void A_pod_is_not_changed_again_in_its_cooldown() => Stops("cooldown", Examples.Cluster(), Earlier("archive-0", 3599));

    [Fact]
    public void A_pod_may_be_changed_again_after_its_cooldown() =>
        Assert.True(Guard.Decide(Proposal, Examples.Cluster(), [Earlier("archive-0", 3601)]).Allowed);

    [Fact]
    public void Five_changes_an_hour_are_enough() =>
        Stops("rate", Examples.Cluster(), [.. Enumerable.Range(0, 5).Select(i => Earlier($"archive-{i + 1}", 60 * i))]);

    [Fact]
    public void A_node_whose_settings_cannot_be_read_is_not_written_to() => Stops("node", Examples.Cluster() with { UnreadableNodes = [Examples.Node] });

    [Fact]
    public void A_node_without_a_tuner_is_not_written_to() =>
        Stops("tuner", Examples.Cluster(tuning: new NodeTuning { Metadata = new ObjectMeta { Name = Examples.Node } }));

    [Fact]
    public void A_tuner_that_has_not_looked_for_long_is_taken_for_dead() =>
        Stops("tuner", With(Examples.TunerStatus() with { ObservedAt = Examples.Now.AddSeconds(-31) }));

    [Fact]
    public void A_tuner_that_does_not_know_the_sysctl_is_not_asked() => Stops("knob", With(Examples.TunerStatus() with { Knobs = [] }));

    [Fact]
    public void A_value_outside_the_tuners_range_is_not_written() =>
        Stops("range", With(Examples.TunerStatus() with { Knobs = [Examples.TunerStatus().Knobs[0] with { Maximum = 1_000_000 }] }));

    [Fact]
    public void What_did_not_help_one_pod_of_a_workload_is_not_tried_on_its_siblings() =>
        Stops("failed before", Examples.Cluster(), Earlier("archive-1", 60) with { HasFailed = true });

    [Fact]
    public void What_did_not_help_another_workload_may_be_tried() =>
        Assert.True(Guard.Decide(Proposal, Examples.Cluster(), [Earlier("web-1", 60) with { HasFailed = true, Workload = "web" }]).Allowed);

    private static EarlierChange Earlier(string pod, int secondsAgo, bool isOpen = false) =>
        new(Examples.Node, new PodReference { Namespace = "lab", Name = pod }, "archive", ["net.ipv4.tcp_rmem"], Examples.Now.AddSeconds(-secondsAgo), isOpen, HasFailed: false);

    private static ClusterSnapshot With(Func<OptimizationPolicySpec, OptimizationPolicySpec> change) =>
        Examples.Cluster(Examples.Policy() with { Spec = change(Examples.Policy().Spec) });

    private static ClusterSnapshot With(NodeTuningStatus status) =>
        Examples.Cluster(tuning: new NodeTuning { Metadata = new ObjectMeta { Name = Examples.Node }, Status = status });

    private static void Stops(string gate, ClusterSnapshot cluster, params ImmutableArray<EarlierChange> earlier)
    {
        var decision = Guard.Decide(Proposal, cluster, earlier);
        Assert.False(decision.Allowed);
        Assert.Equal(gate, decision.Gate);
        Assert.NotEmpty(decision.Reason);
    }
}
