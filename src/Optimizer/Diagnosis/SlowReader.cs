namespace NetPulse.Optimizer.Diagnosis;

/// <summary>The receiving application does not read as fast as data arrives; the window closes because the buffer is full.</summary>
/// <remarks>A larger buffer would only hold more unread data. Source: TcpExt TCPToZeroWindowAdv, TCPWantZeroWindowAdv (net/ipv4/tcp_output.c, __tcp_select_window).</remarks>
public sealed class SlowReader : ICauseRule
{
    /// <summary>
    /// Share of the receive buffer that may wait unread, at the median, before the reader counts as slow. One that keeps up leaves next to nothing; one that
    /// reads at nearly the rate that the window allows leaves little, so the bound is low.
    /// </summary>
    internal const double UnreadShare = 0.05;

    public Judgement? Judge(SubjectEvidence evidence) => evidence.Connections is not { } measured ? null : Judgement.Of(
        Cause.SlowReader,
        $"the application in {measured.Edge.Peer} reads too slowly: {Text.Bytes(measured.ReceiveQueueBytes)} wait unread",
        "no sysctl heals this: make the receiving application read faster, or give it more processor time",
        evidence,
        Evidence.Of(
            "sender stopped by the receive window",
            $"{Text.Percent(measured.ReceiveWindowLimitedShare)} of its busy time",
            "over 20 %",
            measured.ReceiveWindowLimitedShare > 0.2,
            measured.ReceiveWindowLimitedShare),
        new Evidence(
            "unread bytes",
            $"{Text.Bytes(measured.ReceiveQueueBytes)}, windows closed {Text.PerSecond(measured.ZeroWindowsPerSecond)}",
            $"over {Text.Percent(UnreadShare)} of the buffer of {Text.Bytes(measured.ReceiveBufferBytes)}, or over 1/s",
            measured.ReceiveQueueBytes is null && measured.ZeroWindowsPerSecond is null
                ? null
                : measured.ReceiveQueueBytes > UnreadShare * measured.ReceiveBufferBytes || measured.ZeroWindowsPerSecond > 1));
}
