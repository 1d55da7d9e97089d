namespace NetPulse.Optimizer.Diagnosis;

/// <summary>A connection with little in flight waits for timers that double each time.</summary>
/// <remarks>Source: inet_connection_sock.icsk_backoff; Documentation/networking/tcp-thin.rst.</remarks>
public sealed class ThinStreamBackoff : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.ThinStreamBackoff,
        Strength.Shape,
        "connections wait for doubled timers, carry little, and their segments are small",
        "full segments, much in flight, a listener that throws away what is sent");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("connections that wait for a doubled timer", measured.BackedOff, Text.Ratio, "at least one in a tenth of the readings", count => count >= 0.1)
            .Needs("payload of a segment sent again", measured.RetransmitBytes, Text.Bytes, "small, at most 600 B", bytes => bytes <= 600)
            .Needs(new Evidence("throughput", measured.Throughput.ToString(), "below 1 Mbit/s", measured.Throughput.Value < 125_000))
            .Needs("segments that came back", measured.SegmentsBack, Text.Count, "at least 10", count => count >= 10)
            .Needs("net.ipv4.tcp_thin_linear_timeouts", evidence.Own.Sysctl("net.ipv4.tcp_thin_linear_timeouts"), Text.Count, "0", value => value == 0)
            .NeedsWhereItIs(ListenQueue.IsNotFull(evidence))
            .Judge($"{measured.Edge} has little in flight and waits for timers that double each time", 0.3);
    }
}
