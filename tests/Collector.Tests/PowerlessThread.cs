using System.Runtime.InteropServices;

namespace NetPulse.Collector.Tests;

/// <summary>A thread without any capability: what root may do, the kernel refuses it.</summary>
internal static partial class PowerlessThread
{
    internal static void Run(Action action) => OwnThread.Run(() =>
    {
        Assert.Equal(0, capset(new CapabilityHeader(), new CapabilitySets()));
        action();
    });

    /// <summary>Of the calling thread alone.</summary>
    [LibraryImport("libc", SetLastError = true)]
    private static partial int capset(in CapabilityHeader hdrp, in CapabilitySets datap);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct CapabilityHeader()
    {
        private readonly uint version = 0x20080522;
        private readonly int pid = 0;
    }

    /// <summary>None.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 24)]
    private readonly struct CapabilitySets;
}
