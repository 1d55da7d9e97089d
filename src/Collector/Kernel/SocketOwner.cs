using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel;

/// <summary><c>struct owner</c> of owner.h: whose a socket is.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct SocketOwner
{
    /// <summary>Inode of the control group's directory; 0 where the kernel keeps none.</summary>
    public ulong ControlGroupId { get; init; }

    /// <summary>0 before Linux 5.12.</summary>
    public ulong NamespaceCookie { get; init; }

    public uint NamespaceInode { get; init; }

#pragma warning disable IDE0051, CS0169, S1144 // the kernel's padding, named there too
    private readonly uint zero;
#pragma warning restore IDE0051, CS0169, S1144
}
