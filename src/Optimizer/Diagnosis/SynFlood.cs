using NetPulse.Optimizer.Detection;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Handshakes are begun that nobody completes: a longer queue would only hold more of them.</summary>
/// <remarks>Source: as for <see cref="SynQueueOverflow"/>.</remarks>
public sealed class SynFlood : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.SynFlood,
        Strength.Error,
        "SYNs find the SYN queue full, and next to no handshake is completed",
        "handshakes that are completed",
        "keep net.ipv4.tcp_syncookies=1 and do not grow the queue; find who sends the SYNs");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is Subject.OfEdge)
        {
            return null;
        }

        var queue = SynQueue.Of(evidence);
        return new Proof(About, evidence)
            .Needs("SYNs that found no room", queue.Refused, Text.Count, "at least 100", count => count >= 100)
            .Needs("handshakes completed", queue.CompletedShare, Text.Percent, $"below {Text.Percent(SynQueueOverflow.LeastCompleted)}", share => share < SynQueueOverflow.LeastCompleted)
            .Judge($"{evidence.Subject} gets SYNs that nobody completes: {Text.Count(queue.Refused)} found no room, {Text.Count(queue.Completed)} became connections", 1);
    }
}
