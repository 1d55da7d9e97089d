using NetPulse.Optimizer.Detection;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Bursts of datagrams overrun a socket's buffer of the default size, which is empty in between.</summary>
/// <remarks>Source: Udp RcvbufErrors; tp_btf/udp_fail_queue_rcv_skb tells the socket.</remarks>
public sealed class UdpReceiveBuffer : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.UdpReceiveBuffer,
        Strength.Error,
        "datagrams find a buffer of the default size full that is mostly empty at the readings",
        "a buffer that is full all the time, one that the application asked for");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is not Subject.OfPod)
        {
            return null;
        }

        var queue = UdpQueue.Of(evidence);
        return new Proof(About, evidence)
            .Needs("datagrams that found the buffer full", queue.Dropped, Text.Count, "at least 3", count => count >= 3)
            .Needs(new Evidence("SO_RCVBUF", queue.IsLocked switch { null => "unknown", true => "asked for", false => "not asked for" }, "not asked for", queue.IsLocked is null ? null : queue.IsLocked == false))
            .Needs("mean use of the buffer", queue.MeanUse, Text.Percent, $"at most {Text.Percent(UdpReceiverOverloaded.FullShare)}", use => use <= UdpReceiverOverloaded.FullShare)
            .Judge(
                $"bursts of datagrams overrun a buffer of {Text.Bytes(queue.BufferBytes)} in {evidence.Subject}, which is the default: {Text.Count(queue.Dropped)} of {Text.Count(queue.Dropped + queue.Delivered)} were lost",
                queue.Dropped / (queue.Dropped + queue.Delivered) ?? 0);
    }
}
