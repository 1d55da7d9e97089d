using NetPulse.Optimizer.Detection;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>More datagrams come than are read, all the time: a larger buffer only delays the loss.</summary>
/// <remarks>Source: as for <see cref="UdpReceiveBuffer"/>, and rx_queue of /proc/net/udp.</remarks>
public sealed class UdpReceiverOverloaded : ICauseRule
{
    /// <summary>Mean use of a buffer that is more than a burst.</summary>
    internal const double FullShare = 0.45;

    public CauseDescription About { get; } = new(
        Cause.UdpReceiverOverloaded,
        Strength.Error,
        "datagrams find a buffer full that is more than half full at the readings",
        "a buffer that is empty in between",
        "no sysctl heals this: read faster, or spread the load over more receivers");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is not Subject.OfPod)
        {
            return null;
        }

        var queue = UdpQueue.Of(evidence);
        return new Proof(About, evidence)
            .Needs("datagrams that found the buffer full", queue.Dropped, Text.Count, "at least 3", count => count >= 3)
            .Needs("mean use of the buffer", queue.MeanUse, Text.Percent, $"over {Text.Percent(FullShare)}", use => use > FullShare)
            .Needs("time looked at", (evidence.Range.To - evidence.Range.From).TotalSeconds, Text.Seconds, "at least 8 s", seconds => seconds >= 8)
            .Judge($"{evidence.Subject} reads datagrams more slowly than they come: its buffer of {Text.Bytes(queue.BufferBytes)} is {Text.Percent(queue.MeanUse)} full on average", 1);
    }
}
