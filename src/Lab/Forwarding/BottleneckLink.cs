namespace NetPulse.Lab.Forwarding;

/// <summary>One direction of a path: a bottleneck with a tail-drop queue, then a delay. Pure: time is what the caller says.</summary>
/// <remarks>
/// Packets lie in one ring from arrival to delivery, in order: [head, waiting) are on their way, [waiting, tail) are in the queue.
/// Departure times follow from arrival times and the rate, not from when the thread came to run, so a late wake-up costs no throughput.
/// Used by one thread; <see cref="Settings"/> may be replaced and <see cref="Counters"/> read by any.
/// </remarks>
internal sealed class BottleneckLink(LinkSettings settings)
{
    /// <summary>Room for a packet; the devices' MTU is below.</summary>
    internal const int SlotBytes = 2048;

    private const int Slots = 8192;

    // One slot more: a packet that finds the ring full is read there and forgotten.
    private readonly byte[] packets = GC.AllocateUninitializedArray<byte>((Slots + 1) * SlotBytes, pinned: true);
    private readonly int[] lengths = new int[Slots];

    /// <summary>Nanoseconds: when the packet arrived, as long as it waits; then when it is due at the far end.</summary>
    private readonly long[] times = new long[Slots];

    private volatile LinkSettings settings = settings;
    private long head;
    private long waiting;
    private long tail;
    private long freeAtNanoseconds;
    private long lastDueNanoseconds;

    private long queueBytes;
    private long forwardedPackets;
    private long forwardedBytes;
    private long droppedPackets;

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
        Volatile.Read(ref queueBytes));

    /// <summary>When something happens next; <see cref="long.MaxValue"/> when nothing is under way.</summary>
    internal long NextEventNanoseconds =>
        head < waiting ? times[head % Slots]
        : waiting < tail ? SentAtNanoseconds(settings)
        : long.MaxValue;

    /// <summary>Where the next packet is to be read to, before <see cref="Accept"/>.</summary>
    internal Span<byte> Incoming => packets.AsSpan((IsFull ? Slots : (int)(tail % Slots)) * SlotBytes, SlotBytes);

    private bool IsFull => tail - head == Slots;

    /// <summary>The packet in <see cref="Incoming"/> joins the queue, or is dropped.</summary>
    internal void Accept(int length, long nowNanoseconds)
    {
        Advance(nowNanoseconds);
        // The first packet always fits, however small the queue: a queue that passes nothing is no queue.
        if (IsFull || (queueBytes > 0 && queueBytes + length > settings.QueueBytes))
        {
            Volatile.Write(ref droppedPackets, droppedPackets + 1);
            return;
        }

        lengths[tail % Slots] = length;
        times[tail % Slots] = nowNanoseconds;
        tail++;
        Volatile.Write(ref queueBytes, queueBytes + length);
    }

    /// <summary>The next packet that is due; <see langword="false"/> when none is. It is followed by <see cref="Delivered"/> or <see cref="Refused"/>.</summary>
    internal bool TryPeek(long nowNanoseconds, out ReadOnlySpan<byte> packet)
    {
        Advance(nowNanoseconds);
        var slot = (int)(head % Slots);
        if (head == waiting || times[slot] > nowNanoseconds)
        {
            packet = default;
            return false;
        }

        packet = packets.AsSpan(slot * SlotBytes, lengths[slot]);
        return true;
    }

    internal void Delivered()
    {
        Volatile.Write(ref forwardedBytes, forwardedBytes + lengths[head % Slots]);
        Volatile.Write(ref forwardedPackets, forwardedPackets + 1);
        head++;
    }

    internal void Refused()
    {
        Volatile.Write(ref droppedPackets, droppedPackets + 1);
        head++;
    }

    private void Advance(long nowNanoseconds)
    {
        var current = settings;
        while (waiting < tail)
        {
            var sentAt = SentAtNanoseconds(current);
            if (sentAt > nowNanoseconds)
            {
                return;
            }

            freeAtNanoseconds = sentAt;
            // A delay that shrank would let this packet overtake the one before it.
            lastDueNanoseconds = Math.Max(lastDueNanoseconds, sentAt + (current.Delay.Ticks * TimeSpan.NanosecondsPerTick));
            times[waiting % Slots] = lastDueNanoseconds;
            Volatile.Write(ref queueBytes, queueBytes - lengths[waiting % Slots]);
            waiting++;
        }
    }

    /// <summary>When the bottleneck will have sent the first packet of the queue.</summary>
    private long SentAtNanoseconds(LinkSettings current) =>
        Math.Max(freeAtNanoseconds, times[waiting % Slots]) + (long)(lengths[waiting % Slots] * 8e9 / current.BitsPerSecond);
}
