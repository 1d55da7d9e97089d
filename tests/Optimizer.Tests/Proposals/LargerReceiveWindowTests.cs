using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Proposals;
using NetPulse.Telemetry.Units;

namespace NetPulse.Optimizer.Tests.Proposals;

public sealed class LargerReceiveWindowTests
{
    [Theory]
    [InlineData(64L << 20)]
    [InlineData(512L << 20)]
    public void A_ceiling_that_is_as_large_as_we_ever_propose_is_left_alone(long ceiling)
    {
        var measured = Examples.WindowLimited() with { ReceiveLimits = new TcpBufferLimits(4096, 131_072, ceiling) };
        Assert.Empty(RemedySearch.For([Examples.WindowFinding() with { Measured = Examples.Of(measured) }], [], Examples.Cluster()));
    }

    [Fact]
    public void The_ceiling_offers_a_window_of_one_and_a_quarter_bandwidth_delay_products_and_the_rest_stays()
    {
        var proposal = Assert.Single(RemedySearch.For([Examples.WindowFinding()], [], Examples.Cluster()));
        Assert.Equal("4096 131072 131072", proposal.Writes[0].Before);
        var numbers = proposal.Writes[0].After.Split(' ').Select(long.Parse).ToArray();
        Assert.Equal(4096, numbers[0]);
        Assert.Equal(131_072, numbers[1]);
        var wanted = 1.25 * 587_500 / (79_000 / 131_072.0);
        Assert.InRange(numbers[2], wanted, wanted + 4096);
        Assert.Equal(47, new BytesPerSecond(proposal.Expected).MegabitsPerSecond, 3);
        Assert.Equal("lab/archive-0", proposal.Target);
        Assert.Equal(Examples.Node, proposal.Node);
        Assert.Equal(numbers[2] - 131_072, proposal.MemoryCostBytes);
    }

    [Fact]
    public void An_unknown_bandwidth_quadruples_the_ceiling()
    {
        var finding = Finding(Examples.WindowLimited() with { BestThroughput = BytesPerSecond.FromMegabitsPerSecond(6.4) });
        var proposal = Assert.Single(RemedySearch.For([finding], [], Examples.Cluster()));
        Assert.Equal("4096 131072 524288", proposal.Writes[0].After);
        Assert.True(proposal.Expected > finding.Measured.Connections!.Throughput.Value);
    }

    [Fact]
    public void No_ceiling_is_above_64_MiB()
    {
        var finding = Finding(Examples.WindowLimited() with { PathRoundTripTime = TimeSpan.FromSeconds(2), BestThroughput = BytesPerSecond.FromMegabitsPerSecond(10_000) });
        var proposal = Assert.Single(RemedySearch.For([finding], [], Examples.Cluster()));
        Assert.EndsWith($" {64 << 20}", proposal.Writes[0].After, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_pods_of_the_workload_that_carry_as_much_are_controls()
    {
        var proposals = RemedySearch.For(
            [Examples.WindowFinding(0), Examples.WindowFinding(1)], [Examples.Traffic(0), Examples.Traffic(1), Examples.Traffic(2, 0.1)], Examples.Cluster());
        Assert.Equal(2, proposals.Length);
        Assert.Equal([new Subject.OfEdge(Examples.Upload(1))], proposals[0].Controls.Select(control => control.Subject));
        Assert.Equal([new Subject.OfEdge(Examples.Upload(0))], proposals[1].Controls.Select(control => control.Subject));
    }

    [Fact]
    public void A_pod_that_nobody_knows_gets_no_proposal() => Assert.Empty(RemedySearch.For([Examples.WindowFinding(7)], [], Examples.Cluster()));

    [Fact]
    public void Another_cause_gets_no_proposal() =>
        Assert.Empty(RemedySearch.For([Examples.WindowFinding() with { Cause = Cause.SlowReader }], [], Examples.Cluster()));

    private static Finding Finding(ConnectionEvidence measured) => new(Cause.ReceiveWindowBelowBandwidthDelay, "", "", 1, [], Examples.Of(measured));
}
