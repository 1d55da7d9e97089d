using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel;

/// <summary><c>struct tcp_listener</c> of tcp.h: a socket that listens.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct TcpListener
{
    public EdgeKey Key { get; init; }

    /// <summary>Unique while the node is up.</summary>
    public ulong Cookie { get; init; }

    /// <summary>Connections that wait for <c>accept()</c>.</summary>
    public uint Queue { get; init; }

    /// <summary>The smaller of what <c>listen()</c> asked for and <c>net.core.somaxconn</c>.</summary>
    public uint QueueLimit { get; init; }

    /// <summary>Connections dropped since the socket was made; wraps.</summary>
    public uint Drops { get; init; }

#pragma warning disable IDE0051, CS0169, S1144 // the kernel's padding, named there too
    private readonly uint zero;
#pragma warning restore IDE0051, CS0169, S1144
}
