using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>Connections are given up after too many timeouts: their peers answer no more.</summary>
/// <remarks>Source: TcpExt TCPAbortOnTimeout (net/ipv4/tcp_timer.c).</remarks>
public sealed class DeadPeers : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.DeadPeers,
        Strength.Error,
        "connections are given up after too many timeouts",
        "none",
        "no sysctl brings a peer back: find out why it vanished; net.ipv4.tcp_retries2 and the keepalive settings only decide how soon that is noticed");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is not Subject.OfPod)
        {
            return null;
        }

        return new Proof(About, evidence)
            .Needs("connections given up", evidence.Own.Increase(NamespaceMetrics.AbortOnTimeout), Text.Count, "at least 3", count => count >= 3)
            .Judge($"peers of {evidence.Subject} answer no more");
    }
}
