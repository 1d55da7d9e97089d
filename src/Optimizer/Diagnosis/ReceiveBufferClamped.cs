using NetPulse.Optimizer.Detection;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>An application asked for a receive buffer, and net.core.rmem_max of the node cut the request down.</summary>
/// <remarks>Source: the kernel gives twice what was asked for, at most twice rmem_max (net/core/sock.c, __sock_set_rcvbuf): a buffer of just that size asked for as much or more.</remarks>
public sealed class ReceiveBufferClamped : ICauseRule
{
    private const string Sysctl = "net.core.rmem_max";

    public CauseDescription About { get; } = new(
        Cause.ReceiveBufferClamped,
        Strength.Error,
        "a buffer that the application asked for is just twice rmem_max, and it stops the sender or loses datagrams",
        "buffers of another size or that nobody asked for, unread bytes");

    public Judgement? Judge(SubjectEvidence evidence) => evidence switch
    {
        { Connections: { } measured } => OfConnections(evidence, measured),
        { Subject: Subject.OfPod } => OfDatagrams(evidence),
        _ => null,
    };

    private Judgement OfConnections(SubjectEvidence evidence, ConnectionEvidence measured)
    {
        var most = 2.0 * (evidence.Peer.Sysctl(Sysctl) ?? evidence.PeerNode.Sysctl(Sysctl));
        return new Proof(About, evidence)
            .Needs(measured.ShortOfPath)
            .Needs("connections with SO_RCVBUF", measured.LockedReceiveBuffers, Text.Count, "at least one", count => count > 0)
            .Needs("receive buffer", measured.ReceiveBufferBytes, most, Text.Bytes, $"just twice {Sysctl}, {Text.Bytes(most)}", (buffer, bound) => (long)buffer == (long)bound)
            .Needs("sender stopped by the receive window", measured.ReceiveWindowLimitedShare, Text.Percent, "over 20 % of its busy time", share => share > 0.2)
            .Needs(
                "unread bytes", measured.ReceiveQueueBytes, measured.ReceiveBufferBytes, Text.Bytes, $"at most {Text.Percent(SlowReader.UnreadShare)} of the buffer",
                (unread, buffer) => unread <= SlowReader.UnreadShare * buffer)
            .Judge($"{measured.Edge.Peer} asked for a larger receive buffer than the {Text.Bytes(measured.ReceiveBufferBytes)} that {Sysctl} of its node gives, and its window stops {measured.Edge.Owner}", measured.ReceiveWindowLimitedShare ?? 0);
    }

    private Judgement OfDatagrams(SubjectEvidence evidence)
    {
        var queue = UdpQueue.Of(evidence);
        var most = 2.0 * (evidence.Own.Sysctl(Sysctl) ?? evidence.Node.Sysctl(Sysctl));
        return new Proof(About, evidence)
            .Needs("datagrams that found the buffer full", queue.Dropped, Text.Count, "at least 3", count => count >= 3)
            .Needs(new Evidence("SO_RCVBUF", queue.IsLocked switch { null => "unknown", true => "asked for", false => "not asked for" }, "asked for", queue.IsLocked))
            .Needs("receive buffer", queue.BufferBytes, most, Text.Bytes, $"just twice {Sysctl}, {Text.Bytes(most)}", (buffer, bound) => (long)buffer == (long)bound)
            .Needs("mean use of the buffer", queue.MeanUse, Text.Percent, $"at most {Text.Percent(UdpReceiverOverloaded.FullShare)}", use => use <= UdpReceiverOverloaded.FullShare)
            .Judge(
                $"a socket of {evidence.Subject} asked for a larger buffer than the {Text.Bytes(queue.BufferBytes)} that {Sysctl} of its node gives, and bursts overrun it",
                queue.Dropped / (queue.Dropped + queue.Delivered) ?? 0);
    }
}
