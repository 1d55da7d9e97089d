using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Losses between near peers wait for the least retransmission timeout, which is many round trips.</summary>
/// <remarks>Source: net.ipv4.tcp_rto_min_us (Linux 6.11); TcpExt TCPTimeouts, TCPLossProbes.</remarks>
public sealed class RetransmissionTimeoutFloor : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.RetransmissionTimeoutFloor,
        Strength.Shape,
        "timers run out or probes are sent on connections whose round trips take less than 10 ms and less than a fifth of the floor",
        "far peers, retransmissions that were not needed, a listener that throws away what is sent");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        var floor = evidence.Own.Sysctl("net.ipv4.tcp_rto_min_us") / 1e6;
        return new Proof(About, evidence)
            .Needs("round-trip time", measured.RoundTripTime?.TotalSeconds, floor, Text.Seconds, $"below 10 ms, and below a fifth of the floor of {Text.Seconds(floor)}", (rtt, least) => rtt < 0.01 && rtt < least / 5)
            .Needs("timers that ran out, probes sent", evidence.Own.Increase(NamespaceMetrics.Timeouts) + (evidence.Own.Increase(NamespaceMetrics.LossProbes) ?? 0), Text.Count, "at least 3", count => count >= 3)
            .Needs("segments sent again", measured.Retransmits, Text.Count, "at least 3", count => count >= 3)
            .Needs("floor of the timeout", floor, Text.Seconds, "at least 20 ms", least => least >= 0.02)
            .Needs("sent again in vain", measured.SpuriousShare, Text.Percent, "below half", share => share < 0.5)
            .Needs("payload of a segment sent again", measured.RetransmitBytes, Text.Bytes, "small, as in requests; an opening segment has none", bytes => bytes is > 0 and <= 1000)
            .NeedsWhereItIs(ListenQueue.IsNotFull(evidence))
            .Judge($"what is lost between {measured.Edge.Owner} and {measured.Edge.Peer} is sent again after {Text.Seconds(floor)} at the earliest, where a round trip takes {Text.Time(measured.RoundTripTime)}", 0.8);
    }
}
