using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel;

/// <summary><c>struct tcp_ended</c> of tcp.h: a connection that ended, with what it did since it was last folded.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct TcpEnded
{
    public EdgeKey Key { get; init; }

    public ulong PayloadSentBytes { get; init; }

    public ulong RetransmittedBytes { get; init; }

    public ulong PayloadReceivedBytes { get; init; }

    public uint SegmentsOut { get; init; }

    public uint SegmentsIn { get; init; }

    public uint SegmentsRetransmitted { get; init; }

    public uint DuplicatesReported { get; init; }

    public uint Reorderings { get; init; }

    public uint BusyJiffies { get; init; }

    public uint ReceiveWindowLimitedJiffies { get; init; }

    public uint SendBufferLimitedJiffies { get; init; }

    /// <summary>0 where it was not measured anew.</summary>
    public uint SmoothedRttMicroseconds { get; init; }

    /// <inheritdoc cref="SmoothedRttMicroseconds"/>
    public uint MinimumRttMicroseconds { get; init; }

    public TcpCounters Counters => new(
        PayloadSentBytes,
        RetransmittedBytes,
        PayloadReceivedBytes,
        SegmentsOut,
        SegmentsIn,
        SegmentsRetransmitted,
        DuplicatesReported,
        Reorderings,
        BusyJiffies,
        ReceiveWindowLimitedJiffies,
        SendBufferLimitedJiffies);
}
