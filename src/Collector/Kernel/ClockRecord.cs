using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel;

/// <summary><c>struct clock_record</c> of tcp.h: the kernel's two clocks at one moment.</summary>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct ClockRecord(ulong Jiffies, ulong MonotonicNanoseconds);
