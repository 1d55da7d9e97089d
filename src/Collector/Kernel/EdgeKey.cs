using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel;

/// <summary><c>enum edge_role</c> of tcp.h.</summary>
public enum EdgeRole : byte
{
    Client = 0,

    /// <summary>A listener accepted the connection.</summary>
    Server = 1,

    /// <summary>The listener itself: it has no peer.</summary>
    Listener = 2,
}

/// <summary><c>struct edge_key</c> of tcp.h: who talks to whom, as the kernel knows it.</summary>
/// <param name="Cgroup">Inode of the owner's cgroup; 0 before Linux 5.15.</param>
/// <param name="NamespaceCookie">0 before Linux 5.12.</param>
/// <param name="Peer">All zero, as the port, in the row of what found no row of its own.</param>
/// <param name="NamespaceInode">The kernel reuses it once the namespace is gone.</param>
/// <param name="ServerPort">The listening side's.</param>
/// <param name="Role">The owner's.</param>
/// <param name="Protocol">IPPROTO_TCP.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct EdgeKey(ulong Cgroup, ulong NamespaceCookie, MappedAddress Peer, uint NamespaceInode, ushort ServerPort, EdgeRole Role, byte Protocol)
{
    /// <summary>Whether it stands for all peers that found no row of their own.</summary>
    public bool IsOverflow => ServerPort == 0 && Peer == default;
}
