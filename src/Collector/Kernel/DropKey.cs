using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel;

/// <summary><c>struct drop_key</c> of drops.h.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct DropKey
{
    /// <summary>All zero where the packet told nobody's.</summary>
    public SocketOwner Owner { get; init; }

    /// <summary><c>enum skb_drop_reason</c>; from bit 16 on the subsystem.</summary>
    public uint Reason { get; init; }

#pragma warning disable IDE0051, CS0169, S1144 // the kernel's padding, named there too
    private readonly uint zero;
#pragma warning restore IDE0051, CS0169, S1144
}
