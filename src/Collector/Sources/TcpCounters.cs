using NetPulse.Collector.Kernel;

namespace NetPulse.Collector.Sources;

/// <summary>What only grows: of one connection, or summed over many.</summary>
public readonly record struct TcpCounters(
    ulong PayloadSentBytes,
    ulong RetransmittedBytes,
    ulong PayloadReceivedBytes,
    ulong SegmentsOut,
    ulong SegmentsIn,
    ulong SegmentsRetransmitted,
    ulong BusyJiffies,
    ulong ReceiveWindowLimitedJiffies,
    ulong SendBufferLimitedJiffies)
{
    public static TcpCounters Of(in TcpRecord record) => new(
        record.BytesSent - Math.Min(record.BytesSent, record.BytesRetransmitted),
        record.BytesRetransmitted,
        record.BytesReceived,
        record.SegmentsOut,
        record.SegmentsIn,
        record.SegmentsRetransmitted,
        record.BusyJiffies,
        record.ReceiveWindowLimitedJiffies,
        record.SendBufferLimitedJiffies);

    /// <summary>How much one connection's counters grew between two looks.</summary>
    /// <remarks>
    /// The kernel keeps segments and times in 32 bits: they wrap. Bytes are 64 bits wide: where they went backwards, the application has
    /// disconnected the socket and uses it anew, and all counters began at zero. A segment that could not be sent again was counted as
    /// sent again all the same, so the payload alone may stand a little lower than before.
    /// </remarks>
    public static TcpCounters Increase(in TcpCounters earlier, in TcpCounters later)
    {
        if (later.RetransmittedBytes < earlier.RetransmittedBytes || later.PayloadReceivedBytes < earlier.PayloadReceivedBytes
            || later.PayloadSentBytes + later.RetransmittedBytes < earlier.PayloadSentBytes + earlier.RetransmittedBytes)
        {
            return later;
        }

        return new TcpCounters(
            later.PayloadSentBytes - Math.Min(later.PayloadSentBytes, earlier.PayloadSentBytes),
            later.RetransmittedBytes - earlier.RetransmittedBytes,
            later.PayloadReceivedBytes - earlier.PayloadReceivedBytes,
            (uint)(later.SegmentsOut - earlier.SegmentsOut),
            (uint)(later.SegmentsIn - earlier.SegmentsIn),
            (uint)(later.SegmentsRetransmitted - earlier.SegmentsRetransmitted),
            (uint)(later.BusyJiffies - earlier.BusyJiffies),
            (uint)(later.ReceiveWindowLimitedJiffies - earlier.ReceiveWindowLimitedJiffies),
            (uint)(later.SendBufferLimitedJiffies - earlier.SendBufferLimitedJiffies));
    }

    public static TcpCounters operator +(in TcpCounters a, in TcpCounters b) => new(
        a.PayloadSentBytes + b.PayloadSentBytes,
        a.RetransmittedBytes + b.RetransmittedBytes,
        a.PayloadReceivedBytes + b.PayloadReceivedBytes,
        a.SegmentsOut + b.SegmentsOut,
        a.SegmentsIn + b.SegmentsIn,
        a.SegmentsRetransmitted + b.SegmentsRetransmitted,
        a.BusyJiffies + b.BusyJiffies,
        a.ReceiveWindowLimitedJiffies + b.ReceiveWindowLimitedJiffies,
        a.SendBufferLimitedJiffies + b.SendBufferLimitedJiffies);
}
