using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Telemetry.Units;

namespace NetPulse.Optimizer.Tests.Diagnosis;

public sealed class ReceiveWindowBelowBandwidthDelayTests
{
    private readonly ReceiveWindowBelowBandwidthDelay rule = new();

    [Fact]
    public void A_window_that_binds_is_proven_with_every_figure()
    {
        var finding = Judge(Examples.WindowLimited()).Finding;
        Assert.NotNull(finding);
        Assert.Equal(Cause.ReceiveWindowBelowBandwidthDelay, finding.Cause);
        Assert.Equal(1, finding.Confidence);
        Assert.All(finding.Proof, evidence => Assert.True(evidence.Holds));
        Assert.Contains("131 kB", finding.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void Under_bbr_one_full_window_a_round_trip_stands_for_the_limited_time() =>
        Assert.NotNull(Judge(Examples.WindowLimited() with { ReceiveWindowLimitedShare = 0.27 }).Finding);

    [Theory]
    [InlineData(120_000)]
    [InlineData(18_000)]
    public void A_slow_reader_refutes_it_also_when_it_reads_nearly_what_the_window_allows(double unreadBytes)
    {
        var judgement = Judge(Examples.WindowLimited() with { ReceiveQueueBytes = unreadBytes });
        Assert.Null(judgement.Finding);
        Assert.Contains(judgement.Refutation, evidence => evidence.What == "unread bytes");
    }

    [Fact]
    public void Closed_windows_refute_it() => Assert.Null(Judge(Examples.WindowLimited() with { ZeroWindowsPerSecond = 12 }).Finding);

    [Fact]
    public void A_buffer_that_the_application_fixed_refutes_it() => Assert.Null(Judge(Examples.WindowLimited() with { LockedReceiveBuffers = 1 }).Finding);

    [Fact]
    public void A_buffer_below_its_ceiling_refutes_it() => Assert.Null(Judge(Examples.WindowLimited() with { ReceiveBufferBytes = 60_000 }).Finding);

    [Fact]
    public void A_window_that_holds_the_path_refutes_it() =>
        Assert.Null(Judge(Examples.WindowLimited() with { SendWindowBytes = 900_000, ReceiveBufferBytes = 1_900_000, ReceiveLimits = new TcpBufferLimits(4096, 131_072, 2_000_000) }).Finding);

    [Fact]
    public void An_edge_that_carries_what_the_path_holds_is_not_slow_however_full_its_window() =>
        Assert.Null(Judge(Examples.WindowLimited() with { Throughput = BytesPerSecond.FromMegabitsPerSecond(46) }).Finding);

    [Fact]
    public void A_round_trip_time_that_the_own_queue_has_stretched_does_not_ask_for_a_larger_window() =>
        Assert.Null(Judge(Examples.WindowLimited() with { SendWindowBytes = 700_000, RoundTripTime = TimeSpan.FromMilliseconds(130) }).Finding);

    [Fact]
    public void An_application_that_sends_little_refutes_it() =>
        Assert.Null(Judge(Examples.WindowLimited() with { ReceiveWindowLimitedShare = 0.01, Throughput = BytesPerSecond.FromMegabitsPerSecond(0.5) }).Finding);

    [Fact]
    public void Without_the_receivers_side_nothing_is_proven() => Assert.Null(Judge(Examples.WindowLimited() with
    {
        ReceiveBufferBytes = null,
        ReceiveQueueBytes = null,
        LockedReceiveBuffers = null,
        ZeroWindowsPerSecond = null,
        ReceiveLimits = null,
    }).Finding);

    private Judgement Judge(ConnectionEvidence connections) => rule.Judge(Examples.Of(connections))!;
}
