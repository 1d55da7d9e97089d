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
        Stops("rate", Examples.Cluster(), [.. Enumerable.Range(0, 5).Select(i => Elsewhere($"web-{i}", 60 * i))]);

    [Fact]
    public void Two_changes_an_hour_are_enough_for_one_namespace() =>
        Stops("rate of the namespace", Examples.Cluster(), Earlier("web-0", 60) with { Workload = "web" }, Earlier("web-1", 120) with { Workload = "web" });

    [Fact]
    public void What_failed_twice_is_left_alone_for_twice_as_long()
    {
        EarlierChange[] failed = [Earlier("archive-1", 5000) with { HasFailed = true }, Earlier("archive-2", 9000) with { HasFailed = true }];
        Assert.True(Guard.Decide(Proposal, Examples.Cluster(), [failed[0]]).Allowed);
        Stops("failed before", Examples.Cluster(), [.. failed]);
    }

    [Fact]
    public void What_a_workload_was_just_given_is_not_given_again_by_another_pod() => Stops("cooldown", Examples.Cluster(), Earlier("archive-1", 60));

    [Theory]
    [InlineData(21, 1, "storm")]
    [InlineData(1, 2, "storm of nodes")]
    public void Where_everything_seems_broken_nothing_is_changed(int proposals, int nodes, string gate)
    {
        var cluster = Examples.Cluster();
        cluster = cluster with { NodeTunings = cluster.NodeTunings.Add("node-2", Tuning("node-2")).Add("node-3", Tuning("node-3")) };
        var decision = Guard.Decide(Proposal, cluster, [], new ProposalSurge(proposals, nodes));
        Assert.Equal((false, gate), (decision.Allowed, decision.Gate));
    }

    [Theory]
    [InlineData("09:00", "11:59", false)]
    [InlineData("12:00", "12:01", true)]
    [InlineData("22:00", "06:00", false)]
    [InlineData("22:00", "12:30", true)]
    public void Changes_begin_only_in_a_window(string from, string to, bool isOpen)
    {
        var cluster = With(spec => spec with { Windows = [new MaintenanceWindow { From = from, To = to }] });
        Assert.Equal(isOpen ? "all" : "window", Guard.Decide(Proposal, cluster, []).Gate);
    }

    [Theory]
    [InlineData(DayOfWeek.Thursday, "Europe/Berlin", "13:00", "13:01", true)]
    [InlineData(DayOfWeek.Thursday, "Europe/Berlin", "12:00", "12:01", false)]
    [InlineData(DayOfWeek.Friday, "UTC", "12:00", "12:01", false)]
    [InlineData(DayOfWeek.Wednesday, "UTC", "23:00", "12:01", true)]
    [InlineData(DayOfWeek.Friday, "Pacific/Auckland", "01:00", "01:01", true)]
    public void A_window_is_of_a_weekday_in_its_time_zone(DayOfWeek day, string timeZone, string from, string to, bool isOpen) =>
        Assert.Equal(isOpen, new MaintenanceWindow { Days = [day], TimeZone = timeZone, From = from, To = to }.Contains(Examples.Now));

    [Theory]
    [InlineData("Europe/Berln")]
    [InlineData("")]
    [InlineData("../../etc/passwd")]
    public void A_window_of_an_unknown_time_zone_stays_closed_and_closes_no_other(string unknown)
    {
        var closed = new MaintenanceWindow { TimeZone = unknown, From = "00:00", To = "23:59" };
        var cluster = With(spec => spec with { Windows = [closed] });
        Stops("window", cluster);
        Assert.Contains($"spec.windows[0].timeZone: {unknown} is no time zone", Guard.Decide(Proposal, cluster, []).Reason, StringComparison.Ordinal);
        Assert.Equal("all", Guard.Decide(Proposal, With(spec => spec with { Windows = [closed, closed with { TimeZone = "UTC" }] }), []).Gate);
    }

    [Fact]
    public void A_freeze_is_stronger_than_a_window() => Stops("freeze", With(spec => spec with
    {
        Windows = [new MaintenanceWindow { From = "00:00", To = "23:59" }],
        Freezes = [new ChangeFreeze { From = Examples.Now.AddDays(-1), To = Examples.Now.AddSeconds(1), Reason = "release" }],
    }));

    [Fact]
    public void A_control_plane_s_own_sysctls_are_not_changed() => Stops(
        NodeWide,
        "control plane",
        OfNode with { Nodes = [new ObjectMeta { Name = Examples.Node, Labels = new Dictionary<string, string> { ["node-role.kubernetes.io/control-plane"] = "" } }] });

    [Fact]
    public void All_changes_of_a_node_share_its_memory() => Stops(
        "memory", With(spec => spec with { Limits = new ChangeLimits { MaximumMemoryBytes = Proposal.MemoryCostBytes + 1 } }), Elsewhere("web-0", 60) with { IsInForce = true, MemoryByNode = Of((Examples.Node, 2)) });

    [Fact]
    public void Every_pod_that_the_change_will_reach_counts_on_the_fullest_node()
    {
        var limits = With(spec => spec with { Limits = new ChangeLimits { MaximumMemoryBytes = (2 * Proposal.MemoryCostBytes) + 1 } });
        Assert.True(Guard.Decide(Proposal, limits, []).Allowed);
        Stops("memory", limits with { Pods = [.. limits.Pods, Examples.Pod("archive-2")] });
        ImmutableArray<Pod> onTwo = [.. limits.Pods, .. new[] { "archive-2", "archive-3" }.Select(name => Examples.Pod(name) with { Spec = new PodSpec { NodeName = "node-2" } })];
        Assert.True(Guard.Decide(Proposal, limits with { Pods = onTwo }, []).Allowed);
        Stops("memory", limits with { Pods = onTwo }, Elsewhere("web-0", 60) with { IsInForce = true, MemoryByNode = Of(("node-2", 2)) });
        Assert.True(Guard.Decide(Proposal, Without(limits), []).Allowed);

        static ClusterSnapshot Without(ClusterSnapshot cluster) => cluster with
        {
            Pods = [.. cluster.Pods, Examples.Pod("archive-2")],
            Policy = cluster.Policy with { Spec = cluster.Policy.Spec with { Canary = new CanarySpec { Stages = [] } } },
        };
    }

    [Fact]
    public void What_a_sysctl_of_pods_allows_is_not_the_nodes_own() =>
        Stops(Proposal with { At = Proposal.At with { Pod = null, Workload = "" } }, "node's own", Examples.Cluster());

    [Fact]
    public void A_workload_with_more_pods_than_a_change_may_reach_is_left_alone() =>
        Stops("reach", With(spec => spec with { Limits = new ChangeLimits { MaximumPods = 1 } }));

    [Fact]
    public void One_node_after_the_other() => Stops(
        NodeWide, "reach of nodes", OfNode, new EarlierChange("node-2", null, "", ["net.core.rmem_max"], Examples.Now.AddSeconds(-60), IsOpen: false, HasFailed: false) { IsInForce = true });

    [Theory]
    [InlineData(null, "approval")]
    [InlineData(ApprovalDecision.Pending, "approval")]
    [InlineData(ApprovalDecision.Rejected, "rejected")]
    [InlineData(ApprovalDecision.Approved, "all")]
    public void Where_approval_is_required_somebody_has_to_give_it(ApprovalDecision? decision, string gate)
    {
        var cluster = With(spec => spec with { Approval = ApprovalPolicy.Required }) with { Recommendations = decision is { } given ? [Recommendation(given)] : [] };
        Assert.Equal(gate, Guard.Decide(Proposal, cluster, []).Gate);
    }

    [Fact]
    public void A_rejection_counts_also_where_no_approval_is_required() => Stops("rejected", Examples.Cluster() with { Recommendations = [Recommendation(ApprovalDecision.Rejected)] });

    [Fact]
    public void An_approval_that_has_run_out_is_none() => Stops("expired", Examples.Cluster() with { Recommendations = [Recommendation(ApprovalDecision.Approved, Examples.Now)] });

    [Fact]
    public void What_the_kernel_lacks_or_only_the_node_has_is_not_asked_of_a_pod()
    {
        Stops("knob of the kernel", With(Examples.TunerStatus() with { Knobs = [Examples.TunerStatus().Knobs[0] with { Scope = SysctlScope.Absent }] }));
        Stops("knob of the node", With(Examples.TunerStatus() with { Knobs = [Examples.TunerStatus().Knobs[0] with { PerNamespace = false }] }));
    }

    [Fact]
    public void A_name_that_the_node_does_not_have_is_not_written() => Stops(
        Proposal with { Writes = [new SysctlWrite("net.ipv4.tcp_congestion_control", "cubic", "bbr")] },
        "choice",
        With(Examples.TunerStatus() with { Knobs = [new KnobStatus { Sysctl = "net.ipv4.tcp_congestion_control", Unit = "name", PerNamespace = true, Choices = ["reno", "cubic"] }] }) with
        {
            Policy = Examples.Policy() with { Spec = Examples.Policy().Spec with { Sysctls = [new AllowedSysctl { Name = "net.ipv4.tcp_congestion_control" }] } },
        });

    [Fact]
    public void A_node_of_another_group_is_not_written_to() => Stops("group", Examples.Cluster() with { OtherNodes = [Examples.Node] });

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

    [Fact]
    public void What_only_a_node_has_is_allowed_by_its_name() => Assert.True(Guard.Decide(NodeWide, OfNode, []).Allowed);

    [Fact]
    public void Nodes_that_are_gone_are_not_counted()
    {
        var cluster = OfNode;
        cluster = cluster with
        {
            NodeTunings = cluster.NodeTunings.AddRange(Enumerable.Range(2, 99).Select(number => KeyValuePair.Create($"node-{number}", Tuning($"node-{number}")))),
            Nodes = [.. Enumerable.Range(1, 3).Select(number => new ObjectMeta { Name = $"node-{number}" })],
        };
        Assert.Equal("storm of nodes", Guard.Decide(NodeWide, cluster, [], new ProposalSurge(1, 2)).Gate);
    }

    private static SysctlProposal NodeWide => Proposal with { At = Proposal.At with { Pod = null, Workload = "" }, Writes = [new SysctlWrite("net.core.rmem_max", "212992", "4194304")] };

    private static ClusterSnapshot OfNode =>
        With(Examples.TunerStatus() with { Knobs = [new KnobStatus { Sysctl = "net.core.rmem_max", Unit = "bytes", Minimum = 4096, Maximum = 64 << 20, Scope = SysctlScope.Node }] }) with
        {
            Policy = Examples.Policy() with { Spec = Examples.Policy().Spec with { Sysctls = [new AllowedSysctl { Name = "net.core.rmem_max" }] } },
        };

    private static ImmutableDictionary<string, long> Of((string Node, long Bytes) on) => ImmutableDictionary<string, long>.Empty.Add(on.Node, on.Bytes);

    private static NetworkRecommendation Recommendation(ApprovalDecision decision, DateTimeOffset? expiresAt = null) => new()
    {
        Metadata = new ObjectMeta { Name = "archive-0-tcp-rmem", Namespace = "lab" },
        Spec = new NetworkRecommendationSpec
        {
            Source = new RecommendationSource { Kind = RecommendationSourceKind.Schedule, Fingerprint = RecommendationKey.Of(Proposal) },
            Target = new RecommendationTarget { ApiVersion = "v1", Kind = "Pod", Name = "archive-0", Namespace = "lab" },
            Change = new RecommendedChange { Sysctls = [.. Proposal.Writes.Select(write => new RecommendedSysctl { Name = write.Sysctl, Before = write.Before, After = write.After })], Pod = Proposal.Pod },
            Approval = decision,
            ExpiresAt = expiresAt,
        },
    };

    private static NodeTuning Tuning(string node) => new() { Metadata = new ObjectMeta { Name = node }, Status = Examples.TunerStatus() };

    private static EarlierChange Elsewhere(string pod, int secondsAgo) => Earlier(pod, secondsAgo) with { Pod = new PodReference { Namespace = "shop", Name = pod }, Workload = "web" };

    private static EarlierChange Earlier(string pod, int secondsAgo, bool isOpen = false) =>
        new(Examples.Node, new PodReference { Namespace = "lab", Name = pod }, "archive", ["net.ipv4.tcp_rmem"], Examples.Now.AddSeconds(-secondsAgo), isOpen, HasFailed: false);

    private static ClusterSnapshot With(Func<OptimizationPolicySpec, OptimizationPolicySpec> change) =>
        Examples.Cluster(Examples.Policy() with { Spec = change(Examples.Policy().Spec) });

    private static ClusterSnapshot With(NodeTuningStatus status) =>
        Examples.Cluster(tuning: new NodeTuning { Metadata = new ObjectMeta { Name = Examples.Node }, Status = status });

    private static void Stops(string gate, ClusterSnapshot cluster, params ImmutableArray<EarlierChange> earlier) => Stops(Proposal, gate, cluster, earlier);

    private static void Stops(SysctlProposal proposal, string gate, ClusterSnapshot cluster, params ImmutableArray<EarlierChange> earlier)
    {
        var decision = Guard.Decide(proposal, cluster, earlier);
        Assert.False(decision.Allowed);
        Assert.Equal(gate, decision.Gate);
        Assert.NotEmpty(decision.Reason);
    }
}
