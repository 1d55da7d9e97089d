using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel;

/// <summary><c>struct udp_key</c> of udp.h: an owner, and whom it talks to.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct UdpKey
{
    public SocketOwner Owner { get; init; }

    /// <summary>All zero where the kernel did not say.</summary>
    public MappedAddress Peer { get; init; }

    /// <summary>The owner's own port where it is the server.</summary>
    public ushort ServerPort { get; init; }

    private readonly byte isServer;

#pragma warning disable IDE0051, CS0169, S1144 // the kernel's padding, named there too
    private readonly byte zero0;
    private readonly uint zero1;
#pragma warning restore IDE0051, CS0169, S1144

    /// <summary>Whether the owner bound the port, and its peer none of a server.</summary>
    public bool IsServer
    {
        get => isServer != 0;
        init => isServer = value ? (byte)1 : (byte)0;
    }
}

/// <summary><c>struct udp_counters</c> of udp.h: payload.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct UdpCounters(ulong SentBytes, ulong SentDatagrams, ulong ReceivedBytes, ulong ReceivedDatagrams)
{
    public static UdpCounters operator +(in UdpCounters a, in UdpCounters b) =>
        new(a.SentBytes + b.SentBytes, a.SentDatagrams + b.SentDatagrams, a.ReceivedBytes + b.ReceivedBytes, a.ReceivedDatagrams + b.ReceivedDatagrams);

    public static UdpCounters operator -(in UdpCounters a, in UdpCounters b) =>
        new(a.SentBytes - b.SentBytes, a.SentDatagrams - b.SentDatagrams, a.ReceivedBytes - b.ReceivedBytes, a.ReceivedDatagrams - b.ReceivedDatagrams);
}

/// <summary><c>struct udp_drop_key</c> of udp.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct UdpDropKey
{
    public SocketOwner Owner { get; init; }

    /// <summary>0 where the kernel chose it.</summary>
    public ushort LocalPort { get; init; }

#pragma warning disable IDE0051, CS0169, S1144 // the kernel's padding, named there too
    private readonly ushort zero0;
    private readonly uint zero1;
#pragma warning restore IDE0051, CS0169, S1144
}

/// <summary><c>struct udp_drop_counters</c> of udp.h: datagrams that found no room.</summary>
/// <param name="ReceiveBuffer">In the socket's own buffer.</param>
/// <param name="Memory">In what UDP as a whole may use.</param>
/// <param name="BufferBytes">Receive buffer of the socket that dropped last.</param>
/// <param name="IsLocked">1 where that socket set SO_RCVBUF.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct UdpDropCounters(ulong ReceiveBuffer, ulong Memory, uint BufferBytes, uint IsLocked)
{
    /// <summary>With what one of several sockets dropped between two readings; its buffer speaks for all.</summary>
    internal UdpDropCounters Grown(in UdpDropCounters before, in UdpDropCounters now) =>
        now with { ReceiveBuffer = ReceiveBuffer + now.ReceiveBuffer - before.ReceiveBuffer, Memory = Memory + now.Memory - before.Memory };
}
