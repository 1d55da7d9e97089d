using System.Runtime.InteropServices;

namespace NetPulse.Collector.Kernel;

/// <summary><c>struct tcp_counters</c> of tcp.h: what only grows, summed over connections.</summary>
/// <param name="PayloadSentBytes">Each byte once, however often it was sent.</param>
/// <param name="RetransmittedBytes">Payload sent again.</param>
/// <param name="PayloadReceivedBytes">Without the FIN.</param>
/// <param name="SegmentsOut">With and without payload.</param>
/// <param name="SegmentsIn">With and without payload.</param>
/// <param name="SegmentsRetransmitted">With SYNs.</param>
/// <param name="DuplicatesReported">By the peer's DSACKs: segments sent again without need.</param>
/// <param name="Reorderings">Segments that the peer acknowledged in another order.</param>
/// <param name="BusyJiffies">With data to send or in flight; contains the two that follow.</param>
/// <param name="ReceiveWindowLimitedJiffies">Stopped by the peer's window.</param>
/// <param name="SendBufferLimitedJiffies">Stopped by the own send buffer.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct TcpCounters(
    ulong PayloadSentBytes,
    ulong RetransmittedBytes,
    ulong PayloadReceivedBytes,
    ulong SegmentsOut,
    ulong SegmentsIn,
    ulong SegmentsRetransmitted,
    ulong DuplicatesReported,
    ulong Reorderings,
    ulong BusyJiffies,
    ulong ReceiveWindowLimitedJiffies,
    ulong SendBufferLimitedJiffies)
{
    public static TcpCounters operator +(in TcpCounters a, in TcpCounters b) => new(
        a.PayloadSentBytes + b.PayloadSentBytes,
        a.RetransmittedBytes + b.RetransmittedBytes,
        a.PayloadReceivedBytes + b.PayloadReceivedBytes,
        a.SegmentsOut + b.SegmentsOut,
        a.SegmentsIn + b.SegmentsIn,
        a.SegmentsRetransmitted + b.SegmentsRetransmitted,
        a.DuplicatesReported + b.DuplicatesReported,
        a.Reorderings + b.Reorderings,
        a.BusyJiffies + b.BusyJiffies,
        a.ReceiveWindowLimitedJiffies + b.ReceiveWindowLimitedJiffies,
        a.SendBufferLimitedJiffies + b.SendBufferLimitedJiffies);
}
