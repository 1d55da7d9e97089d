using NetPulse.Lab.Forwarding;

namespace NetPulse.Lab.Tests.Forwarding;

public sealed class BottleneckLinkTests
{
    private const long Millisecond = 1_000_000;

    /// <summary>1,000 bytes take one millisecond; ten of them may wait.</summary>
    private static readonly LinkSettings Settings = new(TimeSpan.FromMilliseconds(5), BitsPerSecond: 8_000_000, QueueBytes: 10_000);

    private readonly BottleneckLink link = new(Settings);
    private byte next;

    [Fact]
    public void An_idle_link_delivers_after_sending_and_delay()
    {
        Arrive(1000, at: 0);
        Assert.Empty(DeliveredBy(6 * Millisecond - 1));
        Assert.Equal([0], DeliveredBy(6 * Millisecond));
    }

    [Fact]
    public void Packets_leave_one_after_the_other_at_the_rate()
    {
        for (var i = 0; i < 5; i++)
        {
            Arrive(1000, at: 0);
        }

        Assert.Equal([0, 1, 2], DeliveredBy(8 * Millisecond));
        Assert.Equal([3, 4], DeliveredBy(10 * Millisecond));
    }

    [Fact]
    public void A_full_queue_drops_at_its_tail()
    {
        for (var i = 0; i < 12; i++)
        {
            Arrive(1000, at: 0);
        }

        Assert.Equal(new LinkCounters(0, 0, DroppedPackets: 2, QueueBytes: 10_000), link.Counters);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], DeliveredBy(100 * Millisecond));
        Assert.Equal(new LinkCounters(10, 10_000, DroppedPackets: 2, QueueBytes: 0), link.Counters);
    }

    [Fact]
    public void A_queue_smaller_than_a_packet_still_passes_one()
    {
        link.Settings = Settings with { QueueBytes = 100 };
        Arrive(1000, at: 0);
        Arrive(1000, at: 0);
        Assert.Equal([0], DeliveredBy(100 * Millisecond));
    }

    [Fact]
    public void A_thread_that_comes_late_costs_no_throughput()
    {
        Arrive(1000, at: 0);
        Arrive(1000, at: 0);
        Assert.Equal([0, 1], DeliveredBy(7 * Millisecond));
    }

    [Fact]
    public void A_longer_delay_holds_for_packets_that_leave_the_bottleneck_later()
    {
        Arrive(1000, at: 0);
        Assert.Empty(DeliveredBy(2 * Millisecond));
        link.Settings = Settings with { Delay = TimeSpan.FromMilliseconds(50) };
        Arrive(1000, at: 2 * Millisecond);
        Assert.Equal([0], DeliveredBy(6 * Millisecond));
        Assert.Empty(DeliveredBy(53 * Millisecond - 1));
        Assert.Equal([1], DeliveredBy(53 * Millisecond));
    }

    [Fact]
    public void A_shorter_delay_lets_no_packet_overtake()
    {
        link.Settings = Settings with { Delay = TimeSpan.FromMilliseconds(50) };
        Arrive(1000, at: 0);
        Assert.Empty(DeliveredBy(2 * Millisecond));
        link.Settings = Settings;
        Arrive(1000, at: 2 * Millisecond);
        Assert.Empty(DeliveredBy(51 * Millisecond - 1));
        Assert.Equal([0, 1], DeliveredBy(51 * Millisecond));
    }

    [Fact]
    public void The_next_event_is_when_something_is_due()
    {
        Assert.Equal(long.MaxValue, link.NextEventNanoseconds);
        Arrive(1000, at: 0);
        Assert.Equal(Millisecond, link.NextEventNanoseconds);
        Assert.Empty(DeliveredBy(Millisecond));
        Assert.Equal(6 * Millisecond, link.NextEventNanoseconds);
    }

    [Fact]
    public void More_packets_than_there_is_room_for_are_dropped_and_counted()
    {
        link.Settings = Settings with { BitsPerSecond = 8_000_000_000, QueueBytes = long.MaxValue };
        for (var i = 0; i < 10_000; i++)
        {
            Arrive(100, at: 0);
        }

        Assert.Equal(10_000 - 8192, link.Counters.DroppedPackets);
        Assert.Equal(8192, DeliveredBy(100 * Millisecond).Count);
    }

    private void Arrive(int length, long at)
    {
        link.Incoming[0] = next++;
        link.Accept(length, at);
    }

    private List<byte> DeliveredBy(long nowNanoseconds)
    {
        var delivered = new List<byte>();
        while (link.TryPeek(nowNanoseconds, out var packet))
        {
            delivered.Add(packet[0]);
            link.Delivered();
        }

        return delivered;
    }
}
