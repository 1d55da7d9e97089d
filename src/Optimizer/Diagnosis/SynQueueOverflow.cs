using NetPulse.Optimizer.Detection;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>More handshakes are under way than the SYN queue holds, and they are completed: the clients are many, or far away.</summary>
/// <remarks>Source: TcpExt TCPReqQFullDrop, TCPReqQFullDoCookies, ListenDrops without ListenOverflows (net/ipv4/tcp_input.c, tcp_conn_request).</remarks>
public sealed class SynQueueOverflow : ICauseRule
{
    /// <summary>Below it most handshakes are begun by nobody who wants to talk.</summary>
    internal const double LeastCompleted = 0.2;

    public CauseDescription About { get; } = new(
        Cause.SynQueueOverflow,
        Strength.Error,
        "SYNs find the SYN queue full, and a good part of the handshakes is completed",
        "handshakes that are never completed (a flood)");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is Subject.OfEdge)
        {
            return null;
        }

        var queue = SynQueue.Of(evidence);
        return new Proof(About, evidence)
            .Needs("SYNs that found no room", queue.Refused, Text.Count, "at least 3", count => count >= 3)
            .Needs("handshakes completed", queue.CompletedShare, Text.Percent, $"at least {Text.Percent(LeastCompleted)}", share => share >= LeastCompleted)
            .Judge($"the SYN queue of {evidence.Subject} ({Text.Count(queue.Limit)}) is too short for the handshakes under way: {Text.Count(queue.Refused)} SYNs found no room", 1);
    }
}
