using NetPulse.Collector.Sources;

namespace NetPulse.Collector.Tests.Sources;

public sealed class TcpCountersTests
{
    [Fact]
    public void Segments_that_wrap_at_32_bits_go_on() =>
        Assert.Equal(6u, TcpCounters.Increase(default(TcpCounters) with { SegmentsOut = uint.MaxValue - 1 }, default(TcpCounters) with { SegmentsOut = 4 }).SegmentsOut);

    [Fact]
    public void A_socket_that_was_disconnected_and_used_anew_counts_from_zero()
    {
        var before = new TcpCounters(1_000, 0, 500, 10, 10, 0, 5, 0, 0);
        var after = new TcpCounters(300, 0, 20, 3, 3, 0, 1, 0, 0);
        Assert.Equal(after, TcpCounters.Increase(before, after));
    }

    [Fact]
    public void A_segment_counted_as_sent_again_but_never_sent_takes_no_payload_away()
    {
        var before = new TcpCounters(1_000, 0, 0, 10, 10, 0, 0, 0, 0);
        var after = new TcpCounters(900, 100, 0, 10, 10, 1, 0, 0, 0);
        var increase = TcpCounters.Increase(before, after);
        Assert.Equal((0ul, 100ul, 1ul), (increase.PayloadSentBytes, increase.RetransmittedBytes, increase.SegmentsRetransmitted));
    }
}
