using System.Collections.Immutable;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Proposals;
using NetPulse.Optimizer.Tests.Diagnosis;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Tests.Proposals;

public sealed class RemediesTests
{
    [Fact]
    public void A_default_buffer_holds_twice_a_burst()
    {
        var proposal = Of(Cause.UdpReceiveBuffer);
        Assert.Null(proposal.Pod);
        // 49 % were delivered.
        Assert.Equal([new SysctlWrite("net.core.rmem_default", "212992", $"{Math.Ceiling(212_992 * 2 / 0.49 / 4096) * 4096:0}")], proposal.Writes.AsEnumerable());
        Assert.Equal(SysctlEffect.NewSockets, proposal.TakesEffect);
    }

    [Fact]
    public void A_requested_buffer_holds_the_path()
    {
        var proposal = Of(Cause.ReceiveBufferClamped);
        var value = long.Parse(Assert.Single(proposal.Writes).After, System.Globalization.CultureInfo.InvariantCulture);
        // The window is less than a quarter of its buffer, which is taken for one; the kernel gives twice what is asked for.
        const double wanted = 1.25 * 587_500 / 0.25 / 2;
        Assert.InRange(value, wanted, wanted + 4096);
        Assert.Null(proposal.Pod);
    }

    [Fact]
    public void A_send_buffer_keeps_the_path_full_and_is_the_senders()
    {
        var proposal = Of(Cause.SendBufferBelowBandwidthDelay);
        Assert.Equal("lab/uploader-0", proposal.Target);
        var ceiling = long.Parse(Assert.Single(proposal.Writes).After.Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(ceiling, 2 * 600_000, 64 << 20);
    }

    [Fact]
    public void A_listener_that_listens_anew_gets_a_longer_queue()
    {
        var proposal = For(CauseCases.Pod(CauseCases.Listener(16, 16, 0.5)));
        Assert.Equal([new SysctlWrite("net.core.somaxconn", "16", "4096")], proposal!.Writes.AsEnumerable());
        Assert.Empty(proposal.Obstacle);
    }

    [Fact]
    public void A_listener_that_never_listens_anew_is_told_of_and_left_alone()
    {
        var proposal = For(CauseCases.Pod(CauseCases.Listener(16, 16, 0.5, listens: 0)));
        Assert.Contains("restarted", proposal!.Obstacle, StringComparison.Ordinal);
        var policy = Examples.Policy() with { Spec = Examples.Policy().Spec with { Sysctls = [new AllowedSysctl { Name = "net.core.somaxconn" }] } };
        Assert.Equal("obstacle", NetPulse.Optimizer.Apply.Guard.Decide(proposal, Cluster() with { Policy = policy }, []).Gate);
    }

    [Theory]
    [InlineData(40_000, 40_255, 13, "net.ipv4.ip_local_port_range", "32768 60999")]
    [InlineData(40_000, 41_023, 250, "net.ipv4.ip_local_port_range", "32768 60999")]
    [InlineData(32_768, 60_999, 500, "net.ipv4.ip_local_port_range", "20535 65535")]
    [InlineData(32_768, 60_999, 3000, "net.ipv4.ip_local_port_range", "10240 65535")]
    [InlineData(10_240, 65_535, 3000, "net.ipv4.tcp_tw_reuse", "1")]
    public void A_minute_of_connections_has_ports_and_where_it_cannot_they_are_used_again(long low, long high, double perSecond, string sysctl, string value)
    {
        var attempts = perSecond * 20;
        var proposal = For(CauseCases.Pod(CauseCases.Ports(attempts * 0.75, low, high, attempts * 0.25, timeWait: high - low)));
        Assert.Equal((sysctl, value), (proposal!.Writes[0].Sysctl, proposal.Writes[0].After));
    }

    [Fact]
    public void Buckets_follow_the_entries()
    {
        var node = CauseCases.With().Sysctl("net.netfilter.nf_conntrack_max", 3000).Sysctl("net.netfilter.nf_conntrack_buckets", 1024);
        var proposal = For(CauseCases.Pod(CauseCases.Tracked(2999), node));
        Assert.Equal(
            [new SysctlWrite("net.netfilter.nf_conntrack_max", "3000", "65536"), new SysctlWrite("net.netfilter.nf_conntrack_buckets", "1024", "16384")], proposal!.Writes.AsEnumerable());
    }

    [Fact]
    public void The_neighbour_tables_thresholds_stay_in_order()
    {
        var proposal = For(CauseCases.Node(CauseCases.Neighbours(failed: 10)));
        Assert.Equal(["4096", "2048", "512"], proposal!.Writes.Select(write => write.After));
    }

    [Theory]
    [InlineData("reno bbr cubic", "reno cubic bbr", true)]
    [InlineData("reno cubic", "reno cubic bbr", false)]
    [InlineData("reno bbr cubic", "reno cubic", false)]
    public void Another_congestion_control_is_proposed_where_the_node_has_and_allows_it(string available, string allowed, bool isProposed)
    {
        var (_, proves, _) = CauseCases.All.Single(each => each.Cause == Cause.NonCongestionLoss);
        var evidence = proves with
        {
            Own = CauseCases.With().Sysctl("net.ipv4.tcp_congestion_control", "cubic").Grew(NamespaceMetrics.Timeouts, 2).Readings(),
            Node = CauseCases.With().Sysctl("net.ipv4.tcp_available_congestion_control", available).Sysctl("net.ipv4.tcp_allowed_congestion_control", allowed).Readings(),
        };
        var proposal = For(evidence);
        Assert.Equal(isProposed ? "bbr" : null, proposal?.Writes[0].After);
    }

    [Fact]
    public void What_would_take_more_than_a_quarter_of_the_memory_left_is_for_a_person()
    {
        var evidence = Examples.Of(Examples.WindowLimited()) with { Node = CauseCases.With().Is(NodeMetrics.AvailableMemoryBytes, 2_000_000).Readings() };
        Assert.Contains("more than a quarter", For(evidence)!.Obstacle, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1e12, 2e6, true)]
    [InlineData(2e6, 1e12, false)]
    public void The_memory_left_is_that_of_the_node_that_is_to_spend_it(double ofSender, double ofReceiver, bool isObstacle)
    {
        var evidence = Examples.Of(Examples.WindowLimited()) with
        {
            Node = CauseCases.With().Is(NodeMetrics.AvailableMemoryBytes, ofSender).Readings(),
            PeerNode = CauseCases.With().Is(NodeMetrics.AvailableMemoryBytes, ofReceiver).Readings(),
        };
        var cluster = Cluster() with { Pods = [Examples.Pod("archive-0") with { Spec = new PodSpec { NodeName = "node-2" } }, Examples.Pod("uploader-0")] };
        var proposal = Assert.Single(RemedySearch.For([Find(evidence)], [], cluster));
        Assert.Equal(("node-2", (long)ofReceiver, isObstacle), (proposal.Node, proposal.MemoryLeftBytes, proposal.Obstacle.Length > 0));
    }

    [Fact]
    public void Nothing_is_ever_lowered_but_what_is_better_low()
    {
        string[] betterLow = ["net.ipv4.tcp_rto_min_us", "net.ipv4.tcp_notsent_lowat", "net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_tw_reuse", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_congestion_control"];
        foreach (var (_, proves, _) in CauseCases.All)
        {
            foreach (var write in (For(proves)?.Writes ?? []).Where(write => !betterLow.Contains(write.Sysctl)))
            {
                var (before, after) = (write.Before.Split(' ').Select(double.Parse), write.After.Split(' ').Select(double.Parse));
                Assert.All(before.Zip(after), pair => Assert.True(pair.First <= pair.Second, write.ToString()));
            }
        }
    }

    [Fact]
    public void Errors_come_before_shapes_and_what_explains_more_first()
    {
        var window = For(Examples.Of(Examples.WindowLimited()))!.Finding;
        var proposals = RemedySearch.For([window, Find(CauseCases.Pod(CauseCases.Ports(2700)))], [], Cluster());
        Assert.Equal([Cause.LocalPortsExhausted, Cause.ReceiveWindowBelowBandwidthDelay], proposals.Select(proposal => proposal.Finding.Cause));
    }

    [Fact]
    public void A_shape_without_a_remedy_keeps_what_comes_after_it_from_being_changed()
    {
        var evidence = Examples.Of(Examples.WindowLimited());
        var slow = new SlowReader().Judge(Examples.Of(Examples.WindowLimited() with { ReceiveQueueBytes = 120_000 }))!.Finding!;
        Assert.Empty(RemedySearch.For([slow, Find(evidence)], [], Cluster()));
    }

    private static SysctlProposal Of(Cause cause) => For(CauseCases.All.First(each => each.Cause == cause).Proves)!;

    private static Finding Find(SubjectEvidence evidence) => CauseRules.All.Select(rule => rule.Judge(evidence)?.Finding).OfType<Finding>()
        .OrderByDescending(finding => finding.Strength).ThenByDescending(finding => finding.Explains).First();

    private static SysctlProposal? For(SubjectEvidence evidence) => RemedySearch.For([Find(evidence)], [], Cluster()).SingleOrDefault();

    private static NetPulse.Optimizer.Cluster.ClusterSnapshot Cluster() => Examples.Cluster() with { Pods = [Examples.Pod("archive-0"), Examples.Pod("uploader-0")] };
}
