using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel;

/// <summary><c>struct tcp_record</c> of tcp.h: one connection as the kernel's socket has it, counters since the connection began.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct TcpRecord
{
    private const byte Passive = 1;
    private const byte ReceiveBufferLocked = 2;

    /// <summary>Unique while the node is up.</summary>
    public ulong Cookie { get; init; }

    /// <summary>The network namespace's; 0 before Linux 5.12.</summary>
    public ulong NamespaceCookie { get; init; }

    public MappedAddress LocalAddress { get; init; }

    public MappedAddress RemoteAddress { get; init; }

    /// <summary>Payload, with what was sent again.</summary>
    public ulong BytesSent { get; init; }

    public ulong BytesRetransmitted { get; init; }

    public ulong BytesReceived { get; init; }

    public uint NamespaceInode { get; init; }

    public uint SegmentsOut { get; init; }

    public uint SegmentsIn { get; init; }

    public uint SegmentsRetransmitted { get; init; }

    /// <summary>0 until measured.</summary>
    public uint SmoothedRttEighthMicroseconds { get; init; }

    /// <summary>All ones until measured.</summary>
    public uint MinimumRttMicroseconds { get; init; }

    /// <summary>Time with data to send or in flight that neither window nor buffer limited.</summary>
    public uint BusyJiffies { get; init; }

    public uint ReceiveWindowLimitedJiffies { get; init; }

    public uint SendBufferLimitedJiffies { get; init; }

    /// <summary>When payload was last sent or received, or the connection began: the low half of jiffies.</summary>
    public uint LastActiveJiffies { get; init; }

    public uint SendWindowBytes { get; init; }

    public uint CongestionWindowSegments { get; init; }

    public uint MaximumSegmentBytes { get; init; }

    public uint ReceiveBufferBytes { get; init; }

    public uint ReceiveQueueBytes { get; init; }

    public ushort LocalPort { get; init; }

    public ushort RemotePort { get; init; }

    /// <summary>TCP_ESTABLISHED (1), … of include/net/tcp_states.h.</summary>
    public byte State { get; init; }

    public byte Flags { get; init; }

#pragma warning disable IDE0051, CS0169, S1144 // the kernel's padding, named there too
    private readonly ushort zero0;
    private readonly uint zero1;
#pragma warning restore IDE0051, CS0169, S1144

    /// <summary>Whether a listener accepted it, so that this end is the server.</summary>
    public bool IsPassive => (Flags & Passive) != 0;

    public bool IsReceiveBufferLocked => (Flags & ReceiveBufferLocked) != 0;
}

/// <summary><c>struct clock_record</c> of tcp.h: the kernel's two clocks at one moment.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct ClockRecord(ulong Jiffies, ulong MonotonicNanoseconds);
