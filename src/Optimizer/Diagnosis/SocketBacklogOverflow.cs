using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Segments come while the application holds the socket, and find its backlog full.</summary>
/// <remarks>Source: TcpExt TCPBacklogDrop; the limit is both buffers and 64 KiB (net/ipv4/tcp_ipv4.c, tcp_add_backlog).</remarks>
public sealed class SocketBacklogOverflow : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.SocketBacklogOverflow,
        Strength.Error,
        "segments find a socket's backlog full",
        "none");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is not Subject.OfPod)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("segments that found the backlog full", evidence.Own.Increase(NamespaceMetrics.BacklogDrops), Text.Count, "at least 3", count => count >= 3)
            .Needs("largest receive buffer", evidence.Own.Last(TcpMetrics.ReceiveBuffer), Text.Bytes, "known", buffer => buffer > 0)
            .Judge($"segments for {evidence.Subject} come while its application holds the socket, and find the backlog full");
    }
}
