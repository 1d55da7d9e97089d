using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Large packets vanish on the way and no ICMP says so; small ones pass.</summary>
/// <remarks>Source: retransmissions of full segments without progress, TcpExt TCPTimeouts, Icmp InDestUnreachs; net/ipv4/tcp_timer.c, tcp_mtu_probing.</remarks>
public sealed class PathMtuBlackHole : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.PathMtuBlackHole,
        Strength.Error,
        "full segments are sent again without progress while small ones come back, and no ICMP message asks for smaller ones",
        "progress, a peer that does not answer at all, probing that is on");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("segments sent again", measured.Retransmits, Text.Count, "at least 2", count => count >= 2)
            .Needs("payload of each", measured.RetransmitBytes, Text.Bytes, "over 1,000 B", bytes => bytes > 1000)
            .Needs(new Evidence("throughput", measured.Throughput.ToString(), "below 160 kbit/s", measured.Throughput.Value < 20_000))
            .Needs("timers that ran out", evidence.Own.Increase(NamespaceMetrics.Timeouts), Text.Count, "at least 2", count => count >= 2)
            .Needs("segments that came back", measured.SegmentsBack, Text.Count, "at least one", count => count >= 1)
            .Needs("busy", measured.BusyShare, Text.Percent, "over half of the time", share => share > 0.5)
            .Needs("ICMP messages that something cannot be reached", evidence.Own.Increase(NamespaceMetrics.IcmpInUnreachable), Text.Count, "none", count => count == 0)
            .Needs("net.ipv4.tcp_mtu_probing", evidence.Own.Sysctl("net.ipv4.tcp_mtu_probing"), Text.Count, "0", value => value == 0)
            .Judge($"large segments of {measured.Edge} vanish on the way and nobody says so, while small ones pass", 1);
    }
}
