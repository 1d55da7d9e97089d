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

    public CauseDescription About { get; } = new(
        Cause.SlowReader,
        Strength.Shape,
        "the sender waits for the receive window, and bytes wait unread in the receiver's queue or its namespace closes windows",
        "an empty queue and open windows",
        "no sysctl heals this: make the receiving application read faster, or give it more processor time");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        var closes = measured.ZeroWindowsPerSecond > 1;
        return new Proof(About, evidence)
            .Needs("sender stopped by the receive window", measured.ReceiveWindowLimitedShare, Text.Percent, "over 20 % of its busy time", share => share > 0.2)
            .Needs(new Evidence(
                "unread bytes",
                $"{Text.Bytes(measured.ReceiveQueueBytes)}, windows closed {Text.PerSecond(measured.ZeroWindowsPerSecond)}",
                $"over {Text.Percent(UnreadShare)} of the buffer of {Text.Bytes(measured.ReceiveBufferBytes)}, or over 1/s",
                measured.ReceiveQueueBytes is null && measured.ZeroWindowsPerSecond is null ? null : closes || measured.ReceiveQueueBytes > UnreadShare * measured.ReceiveBufferBytes))
            .Judge($"the application in {measured.Edge.Peer} reads too slowly: {Text.Bytes(measured.ReceiveQueueBytes)} wait unread", measured.ReceiveWindowLimitedShare ?? 0);
    }
}
