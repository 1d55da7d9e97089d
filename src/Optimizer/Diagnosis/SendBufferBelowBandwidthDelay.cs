namespace NetPulse.Optimizer.Diagnosis;

/// <summary>The ceiling of the send buffer (net.ipv4.tcp_wmem, third number) holds less than the path's bandwidth-delay product.</summary>
/// <remarks>Source: tcp_sock.chrono_stat[TCP_CHRONO_SNDBUF_LIMITED - 1] (net/ipv4/tcp.c). Large writes may overshoot the limit many times, small ones do not.</remarks>
public sealed class SendBufferBelowBandwidthDelay : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.SendBufferBelowBandwidthDelay,
        Strength.Shape,
        "the sender waits for its own buffer, which stands at the ceiling of tcp_wmem, while the receiver's window has room",
        "SO_SNDBUF, a receive window that stops it too, loss");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        var ceiling = measured.SendLimits?.Maximum;
        return new Proof(About, evidence)
            .Needs("sender stopped by its own buffer", measured.SendBufferLimitedShare, Text.Percent, "over 10 % of its busy time", share => share > 0.1)
            .Needs("send buffer", measured.SendBufferBytes, ceiling, Text.Bytes, $"at least 75 % of the ceiling of {Text.Bytes(ceiling)}", (buffer, limit) => buffer >= 0.75 * limit)
            .Needs("connections with SO_SNDBUF", measured.LockedSendBuffers, Text.Count, "none", count => count == 0)
            .Needs("stopped by the receive window", measured.ReceiveWindowLimitedShare, Text.Percent, "at most 20 %", share => share <= 0.2)
            .Needs("segments sent again", measured.RetransmittedShare, Text.Percent, "below 1 %", share => share < 0.01)
            .Judge(
                $"the send buffer's ceiling in {measured.Edge.Owner} ({Text.Bytes(ceiling)}) is below what the path holds at {Text.Time(measured.RoundTripTime)}: it gives {measured.Throughput}",
                measured.SendBufferLimitedShare ?? 0);
    }
}
