using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel;

/// <summary><c>struct tcp_flow</c> of tcp.h: an open connection; counters since it began.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct TcpFlow
{
    public EdgeKey Key { get; init; }

    public MappedAddress LocalAddress { get; init; }

    /// <summary>Unique while the node is up.</summary>
    public ulong Cookie { get; init; }

    /// <summary>Payload, each byte once.</summary>
    public ulong PayloadSentBytes { get; init; }

    public ulong RetransmittedBytes { get; init; }

    public ulong PayloadReceivedBytes { get; init; }

    /// <summary>0 until measured.</summary>
    public uint SmoothedRttMicroseconds { get; init; }

    public ushort LocalPort { get; init; }

    public ushort RemotePort { get; init; }

    /// <summary>TCP_ESTABLISHED (1), … of include/net/tcp_states.h.</summary>
    public uint State { get; init; }

#pragma warning disable IDE0051, CS0169, S1144 // the kernel's padding, named there too
    private readonly uint zero;
#pragma warning restore IDE0051, CS0169, S1144
}
