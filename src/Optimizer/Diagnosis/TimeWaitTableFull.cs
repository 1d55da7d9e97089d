using NetPulse.Optimizer.Detection;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Optimizer.Diagnosis;

/// <summary>More sockets are to wait in TIME_WAIT than net.ipv4.tcp_max_tw_buckets allows.</summary>
/// <remarks>Source: TcpExt TCPTimeWaitOverflow (net/ipv4/tcp_minisocks.c). Most applications do not notice: a late segment of an old connection may meet a new one.</remarks>
public sealed class TimeWaitTableFull : ICauseRule
{
    public CauseDescription About { get; } = new(
        Cause.TimeWaitTableFull,
        Strength.Error,
        "sockets are dropped from TIME_WAIT for lack of room",
        "none");

    public Judgement? Judge(SubjectEvidence evidence)
    {
        if (evidence.Subject is not Subject.OfPod)
        {
            return null;
        }

        var limit = evidence.Own.Sysctl("net.ipv4.tcp_max_tw_buckets");
        return new Proof(About, evidence)
            .Needs("sockets dropped from TIME_WAIT", evidence.Own.Increase(NamespaceMetrics.TimeWaitOverflows), Text.Count, "at least 20", count => count >= 20)
            .Needs("in TIME_WAIT at most", evidence.Own.Most(NamespaceMetrics.TimeWaitSockets), limit, Text.Count, $"at least 90 % of {Text.Count(limit)}", (most, bound) => most >= 0.9 * bound)
            .Judge($"{evidence.Subject} has as many sockets in TIME_WAIT as it may ({Text.Count(limit)})");
    }
}
