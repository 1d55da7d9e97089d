using System.Buffers.Binary;
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

    [Fact]
    public void The_share_that_is_lost_is_the_share_that_was_asked_for_and_the_same_each_time()
    {
        var lost = LostOf(10_000, new Loss.Independent(0.05), seed: 7);
        Assert.InRange(lost.Count, 400, 600);
        Assert.Equal(lost, LostOf(10_000, new Loss.Independent(0.05), seed: 7));
        Assert.NotEqual(lost, LostOf(10_000, new Loss.Independent(0.05), seed: 8));
    }

    [Fact]
    public void Bursty_loss_loses_neighbours()
    {
        // in the bad state for a hundredth of the time, four packets at once on average
        var lost = LostOf(40_000, new Loss.Bursty(Begins: 0.0025, Ends: 0.25, ShareWhileBad: 1), seed: 3);
        Assert.InRange(lost.Count, 250, 600);
        var bursts = 1 + lost.Zip(lost.Skip(1)).Count(pair => pair.Second > pair.First + 1);
        Assert.InRange(lost.Count / (double)bursts, 3, 5);
    }

    [Fact]
    public void A_reordered_packet_is_overtaken_and_not_lost()
    {
        link.Settings = Settings with { Reordering = new Reordering(0.1, TimeSpan.FromMilliseconds(3.5)) };
        var delivered = new List<byte>();
        for (var i = 0; i < 200; i++)
        {
            Arrive(1000, at: i * Millisecond);
            delivered.AddRange(DeliveredBy(i * Millisecond));
        }

        delivered.AddRange(DeliveredBy(1000 * Millisecond));
        Assert.Equal(Enumerable.Range(0, 200).Select(i => (byte)i), delivered.Order());
        Assert.InRange(link.Counters.ReorderedPackets, 10, 30);
        Assert.Contains(delivered.Zip(delivered.Skip(1)), pair => pair.Second < pair.First);
    }

    [Fact]
    public void A_policer_passes_its_burst_and_then_its_rate()
    {
        link.Settings = Settings with { BitsPerSecond = 1_000_000_000, QueueBytes = long.MaxValue, Policer = new Policer(800_000, BurstBytes: 5_000) };
        for (var i = 0; i < 1000; i++)
        {
            Arrive(1000, at: i * Millisecond);
        }

        // a second: 100,000 bytes of rate and 5,000 of burst
        var passed = 1000 - link.Counters.PolicedPackets;
        Assert.InRange(passed, 103, 105);
        Assert.Equal(passed, DeliveredBy(2000 * Millisecond).Count);
    }

    [Fact]
    public void A_packet_above_the_paths_mtu_vanishes_when_nobody_is_to_be_told()
    {
        link.Settings = Settings with { Mtu = new PathMtu(1300, IsTold: false) };
        ArriveIpv4(1301, typeOfService: 0, dontFragment: true);
        Assert.True(link.Reply.IsEmpty);
        ArriveIpv4(1300, typeOfService: 0, dontFragment: true);
        Assert.Equal(1, link.Counters.OversizedPackets);
        Assert.Single(DeliveredBy(100 * Millisecond));
    }

    [Fact]
    public void The_sender_of_a_packet_above_the_paths_mtu_is_told_the_mtu()
    {
        link.Settings = Settings with { Mtu = new PathMtu(1300, IsTold: true) };
        ArriveIpv4(1400, typeOfService: 0, dontFragment: true);
        var told = link.Reply.ToArray();
        Assert.Equal([10, 0, 0, 1], told[16..20]);
        Assert.Equal([3, 4], told[20..22]);
        Assert.Equal(1300, BinaryPrimitives.ReadUInt16BigEndian(told.AsSpan(26)));
        Assert.Equal(0, Ipv4Packet.Checksum(told.AsSpan(0, 20)));
        Assert.Equal(0, Ipv4Packet.Checksum(told.AsSpan(20)));
        ArriveIpv4(1400, typeOfService: 0, dontFragment: false);
        Assert.True(link.Reply.IsEmpty);
    }

    [Fact]
    public void A_long_queue_marks_those_that_can_be_marked()
    {
        link.Settings = Settings with { MarkAboveBytes = 2_000 };
        for (var i = 0; i < 3; i++)
        {
            ArriveIpv4(1000, typeOfService: 0b10, dontFragment: true);
        }

        ArriveIpv4(1000, typeOfService: 0b10, dontFragment: true);
        ArriveIpv4(1000, typeOfService: 0b00, dontFragment: true);
        Assert.Equal(1, link.Counters.MarkedPackets);
        var marks = new List<int>();
        while (link.TryPeek(100 * Millisecond, out var packet))
        {
            Assert.Equal(0, Ipv4Packet.Checksum(packet[..20]));
            marks.Add(packet[1]);
            link.Delivered();
        }

        Assert.Equal([0b10, 0b10, 0b10, 0b11, 0b00], marks);
    }

    private static List<int> LostOf(int packets, Loss loss, int seed)
    {
        var process = new LossProcess(new Random(seed));
        return [.. Enumerable.Range(0, packets).Where(_ => process.Loses(loss))];
    }

    private void ArriveIpv4(int length, byte typeOfService, bool dontFragment)
    {
        var packet = link.Incoming[..length];
        packet.Clear();
        packet[0] = 0x45;
        packet[1] = typeOfService;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)length);
        packet[6] = dontFragment ? (byte)0x40 : (byte)0;
        packet[12] = 10;
        packet[15] = 1;
        packet[16] = 10;
        packet[19] = 2;
        Ipv4Packet.WriteHeaderChecksum(packet[..20]);
        link.Accept(length, nowNanoseconds: 0);
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
