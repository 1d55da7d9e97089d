namespace NetPulse.Lab.Forwarding;

/// <summary>One direction of a path: a policer, a bottleneck with a tail-drop queue, loss, then a delay. Pure: time is what the caller says, chance comes from a seed.</summary>
/// <remarks>
/// Departure times follow from arrival times and the rate, not from when the thread came to run, so a late wake-up costs no throughput.
/// Used by one thread; <see cref="Settings"/> may be replaced and <see cref="Counters"/> read by any.
/// </remarks>
internal sealed class BottleneckLink
{
    /// <summary>Room for a packet; the devices' MTU is below.</summary>
    internal const int SlotBytes = 2048;

    private const int Slots = 8192;

    // One slot more: a packet that finds no free one is read there and forgotten.
    private readonly byte[] packets = GC.AllocateUninitializedArray<byte>((Slots + 1) * SlotBytes, pinned: true);
    private readonly int[] lengths = new int[Slots];
    private readonly Stack<int> free = new(Enumerable.Range(0, Slots));

    /// <summary>At the bottleneck, with the nanosecond of arrival.</summary>
    private readonly Queue<(int Slot, long ArrivedAt)> waiting = new(Slots);

    /// <summary>On their way, by when they are due; what is due together goes in the order of sending.</summary>
    private readonly PriorityQueue<int, (long DueAt, long Order)> flying = new(Slots);

    private readonly byte[] reply = new byte[Ipv4Packet.LongestError];
    private readonly Random random;
    private readonly LossProcess loss;
    private readonly TokenBucket bucket = new();

    private volatile LinkSettings settings;
    private long freeAtNanoseconds;
    private long lastDueNanoseconds;
    private long order;
    private int replyLength;

    private long queueBytes;
    private long forwardedPackets;
    private long forwardedBytes;
    private long droppedPackets;
    private long lostPackets;
    private long policedPackets;
    private long oversizedPackets;
    private long markedPackets;
    private long reorderedPackets;

    /// <param name="seed">Of loss and reordering: the same packets meet the same fate.</param>
    internal BottleneckLink(LinkSettings settings, int seed = 1)
    {
        this.settings = settings;
        random = new Random(seed);
        loss = new LossProcess(random);
    }

    /// <summary>May change while packets are under way; those that have left the bottleneck keep the delay they were given.</summary>
    internal LinkSettings Settings
    {
        get => settings;
        set => settings = value;
    }

    internal LinkCounters Counters => new(
        Volatile.Read(ref forwardedPackets),
        Volatile.Read(ref forwardedBytes),
        Volatile.Read(ref droppedPackets),
        Volatile.Read(ref queueBytes))
    {
        LostPackets = Volatile.Read(ref lostPackets),
        PolicedPackets = Volatile.Read(ref policedPackets),
        OversizedPackets = Volatile.Read(ref oversizedPackets),
        MarkedPackets = Volatile.Read(ref markedPackets),
        ReorderedPackets = Volatile.Read(ref reorderedPackets),
    };

    /// <summary>When something happens next; <see cref="long.MaxValue"/> when nothing is under way.</summary>
    internal long NextEventNanoseconds => Math.Min(
        flying.TryPeek(out _, out var next) ? next.DueAt : long.MaxValue,
        waiting.TryPeek(out var first) ? SentAtNanoseconds(first, settings) : long.MaxValue);

    /// <summary>Where the next packet is to be read to, before <see cref="Accept"/>.</summary>
    internal Span<byte> Incoming => Slot(free.TryPeek(out var slot) ? slot : Slots);

    /// <summary>What the last accepted packet's sender is to be told; empty when nothing.</summary>
    internal ReadOnlySpan<byte> Reply => reply.AsSpan(0, replyLength);

    /// <summary>The packet in <see cref="Incoming"/> joins the queue, or is dropped.</summary>
    internal void Accept(int length, long nowNanoseconds)
    {
        Advance(nowNanoseconds);
        var current = settings;
        replyLength = 0;
        if (!bucket.Passes(length, current.Policer, nowNanoseconds))
        {
            Count(ref policedPackets);
        }
        else if (current.Mtu is { } mtu && length > mtu.Bytes)
        {
            Count(ref oversizedPackets);
            if (mtu.IsTold && Ipv4Packet.ForbidsFragments(Incoming[..length]))
            {
                replyLength = Ipv4Packet.WriteFragmentationNeeded(Incoming[..length], mtu.Bytes, reply);
            }
        }
        else if (free.Count == 0 || (queueBytes > 0 && queueBytes + length > current.QueueBytes))
        {
            // The first packet always fits, however small the queue: a queue that passes nothing is no queue.
            Count(ref droppedPackets);
        }
        else
        {
            if (queueBytes > current.MarkAboveBytes && Ipv4Packet.TryMark(Incoming[..length]))
            {
                Count(ref markedPackets);
            }

            var slot = free.Pop();
            lengths[slot] = length;
            waiting.Enqueue((slot, nowNanoseconds));
            Volatile.Write(ref queueBytes, queueBytes + length);
        }
    }

    /// <summary>The next packet that is due; <see langword="false"/> when none is. It is followed by <see cref="Delivered"/> or <see cref="Refused"/>.</summary>
    internal bool TryPeek(long nowNanoseconds, out ReadOnlySpan<byte> packet)
    {
        Advance(nowNanoseconds);
        if (!flying.TryPeek(out var slot, out var next) || next.DueAt > nowNanoseconds)
        {
            packet = default;
            return false;
        }

        packet = Slot(slot)[..lengths[slot]];
        return true;
    }

    internal void Delivered()
    {
        var slot = flying.Dequeue();
        Volatile.Write(ref forwardedBytes, forwardedBytes + lengths[slot]);
        Count(ref forwardedPackets);
        free.Push(slot);
    }

    internal void Refused()
    {
        Count(ref droppedPackets);
        free.Push(flying.Dequeue());
    }

    private static void Count(ref long counter) => Volatile.Write(ref counter, counter + 1);

    private Span<byte> Slot(int slot) => packets.AsSpan(slot * SlotBytes, SlotBytes);

    /// <summary>Sends from the queue what the bottleneck has had time for.</summary>
    private void Advance(long nowNanoseconds)
    {
        var current = settings;
        while (waiting.TryPeek(out var first))
        {
            var sentAt = SentAtNanoseconds(first, current);
            if (sentAt > nowNanoseconds)
            {
                return;
            }

            waiting.Dequeue();
            freeAtNanoseconds = sentAt;
            Volatile.Write(ref queueBytes, queueBytes - lengths[first.Slot]);
            if (loss.Loses(current.Loss))
            {
                Count(ref lostPackets);
                free.Push(first.Slot);
                continue;
            }

            // A delay that shrank would let this packet overtake the one before it.
            lastDueNanoseconds = Math.Max(lastDueNanoseconds, sentAt + Nanoseconds(current.Delay));
            var dueAt = lastDueNanoseconds;
            if (current.Reordering is { } reordering && random.NextDouble() < reordering.Share)
            {
                Count(ref reorderedPackets);
                dueAt += Nanoseconds(reordering.By);
            }

            flying.Enqueue(first.Slot, (dueAt, order++));
        }
    }

    /// <summary>When the bottleneck will have sent the first packet of the queue.</summary>
    private long SentAtNanoseconds((int Slot, long ArrivedAt) first, LinkSettings current) =>
        Math.Max(freeAtNanoseconds, first.ArrivedAt) + (long)(lengths[first.Slot] * 8e9 / current.BitsPerSecond);

    private static long Nanoseconds(TimeSpan time) => time.Ticks * TimeSpan.NanosecondsPerTick;
}
