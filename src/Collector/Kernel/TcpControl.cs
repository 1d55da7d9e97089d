using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel;

/// <summary><c>struct tcp_control</c> of tcp.h: what user space tells the programs.</summary>
/// <param name="BeganJiffies">What was idle since then is older than us; 0 before the first walk has ended.</param>
/// <param name="Fold">Number of the current fold.</param>
/// <param name="WritesFlows">1 where a walk writes each <see cref="TcpFlow"/>.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct TcpControl(ulong BeganJiffies, uint Fold, uint WritesFlows);

/// <summary><c>struct tcp_faults</c> of tcp.h: what could not be done; each only grows.</summary>
/// <param name="Overflowed">Updates that found no row for their peer and went to their owner's.</param>
/// <param name="Unowned">Of those, the ones that found no row for their owner either.</param>
/// <param name="Unkept">Open connections without memory for their storage: they are counted when they end.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct TcpFaults(ulong Overflowed, ulong Unowned, ulong Unkept);
