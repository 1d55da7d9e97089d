namespace NetPulse.Optimizer.Diagnosis;

/// <summary>After each pause longer than a retransmission timeout the congestion window begins anew with ten segments.</summary>
/// <remarks>Source: net/ipv4/tcp_output.c, tcp_slow_start_after_idle_check; a congestion control with cong_control is not asked (net/ipv4/tcp_input.c).</remarks>
public sealed class IdleRestart : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.IdleRestart,
        Strength.Shape,
        "the congestion window of connections that go on falls again and again without a loss, and the sender pauses in between",
        "loss, connections that end, a congestion control that paces itself");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Connections is not { } measured)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("falls of the congestion window", measured.WindowCollapses, Text.Count, "at least 2", count => count >= 2)
            .Needs("segments sent again", measured.RetransmittedShare, Text.Percent, "below 0.1 %", share => share < 0.001)
            .Needs("connections that ended", measured.ConnectionsClosed, Text.Count, "none", count => count == 0)
            .Needs("busy", measured.BusyShare, Text.Percent, "at most 80 % of the time of a connection", share => share <= 0.8 * Math.Max(1, measured.Connections ?? 1))
            .Needs("connections that pace themselves", measured.SelfPacedShare, Text.Percent, "none", share => share == 0)
            .Needs("net.ipv4.tcp_slow_start_after_idle", evidence.Own.Sysctl("net.ipv4.tcp_slow_start_after_idle"), Text.Count, "1", value => value > 0)
            .Judge($"the congestion window of {measured.Edge} begins anew after each pause, though nothing is lost", 1 - (measured.Throughput.Value / Math.Max(1, measured.BestThroughput.Value)));
    }
}
